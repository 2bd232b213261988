"""The current image in words: which one, how sure its point is, what to know of it; stepping."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_medssl.session import Session
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.parts import ElidedLabel, button, label
from napari_medssl.widgets.review import point_tip, point_words


class CasePanel(QWidget):
    """Name of the image, confidence of its point, its warnings, and the buttons to go on."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.name = ElidedLabel()
        self.name.setObjectName("heading")
        self.point = label("", "caption")
        self.notes = label("", "note")
        self.notes.hide()
        self.accept = button(
            labelled("Accept", "accept"), "It is right as found; go on", session.accept
        )
        self.check = button(
            labelled("Next to check", "next_to_check"),
            "Go to the least sure point that nobody has checked",
            session.next_to_check,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        words = QHBoxLayout()
        words.addWidget(self.name, 1)
        words.addWidget(self.point)
        layout.addLayout(words)
        layout.addWidget(self.notes)
        steps = QHBoxLayout()
        steps.setSpacing(4)
        steps.addWidget(button("◀  J", "Previous image", lambda: session.step(-1)))
        steps.addWidget(self.accept, 1)
        steps.addWidget(self.check, 1)
        steps.addWidget(button("K  ▶", "Next image", lambda: session.step(1)))
        layout.addLayout(steps)

    def refresh(self) -> None:
        """Show the current image and its point."""
        session = self._session
        if session.case is not None:
            at = f"Image {session.index + 1} of {len(session.sources)}"
            self.name.set_words(f"{at} · {session.case.name}")
        point = session.point
        self.point.setText("" if session.landmark is None else point_words(point))
        self.point.setToolTip(point_tip(point))
        self.accept.setEnabled(point is not None and point.source == "predicted")
        self.check.setEnabled(any(p.needs_a_look for p in session.review()))
        notes = session.notes
        self.notes.setText("" if not notes else f"⚠  {_short(notes[0])}{_more(len(notes) - 1)}")
        self.notes.setToolTip("\n\n".join(notes))
        self.notes.setVisible(bool(notes))


def _short(note: str, most: int = 110) -> str:
    """Shorten a note at a word; the whole of it is in the tooltip."""
    return note if len(note) <= most else note[:most].rsplit(" ", 1)[0] + " …"


def _more(number: int) -> str:
    return f"  (and {number} more)" if number else ""
