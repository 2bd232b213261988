"""The rare choices of the Landmarks dock, folded away."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from napari_medssl.places import keep_initials, kept_initials
from napari_medssl.session import Session
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.parts import Fold, label


class Options(Fold):
    """The similarity map, looking for each click at once, and whose points they are."""

    def __init__(self, session: Session) -> None:
        content = QWidget()
        self.similarity = QCheckBox(labelled("Show where it looks alike", "similarity"))
        self.at_once = QCheckBox("Find again after every click")
        self.at_once.setToolTip("Switch it off for very large cohorts, then press Find")
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 0, 0, 0)
        layout.setSpacing(4)
        for box, change in (
            (self.similarity, session.set_show_similarity),
            (self.at_once, session.set_find_at_once),
        ):
            box.setChecked(True)
            box.toggled.connect(change)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(box)
        self.initials = QLineEdit(kept_initials())
        self.initials.setMaximumWidth(80)
        self.initials.setMaxLength(12)
        self.initials.setPlaceholderText("optional")
        self.initials.setAccessibleName("Your initials")
        self.initials.setToolTip(
            "Your points bear them. Where somebody else has placed a point, both are kept."
        )
        row = QHBoxLayout()
        row.addWidget(label("Your initials", "legend"))
        row.addWidget(self.initials)
        row.addStretch(1)
        layout.addLayout(row)
        session.author = kept_initials() or None
        self._session = session
        self.initials.textChanged.connect(self._on_initials)
        super().__init__("Advanced", content)

    def _on_initials(self, text: str) -> None:
        self._session.author = " ".join(text.split()) or None
        keep_initials(self._session.author or "")
