"""Foot of a dock: state in words, progress with cancel, what could not be used and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPlainTextEdit, QProgressBar, QVBoxLayout, QWidget

from napari_medssl.session.status import note_words
from napari_medssl.widgets.parts import Fold, button, label

if TYPE_CHECKING:
    from medssl.io import Problem
    from napari_medssl.session import Status

_ESTIMATE_AFTER_S = 3.0


class Foot(QWidget):
    """One line of state, a bar while something runs, and the list of problems.

    Parameters
    ----------
    cancel
        Called when the person stops what is running.
    """

    def __init__(self, cancel: Callable[[], None]) -> None:
        super().__init__()
        self.status = label("", "status")
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.status.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel = button("Cancel", "Stop; what is finished is kept", cancel)
        self._running = QWidget()
        row = QHBoxLayout(self._running)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setMaximumHeight(110)
        self.problems = Fold("", self._text)
        self.problems.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(self.status)
        layout.addWidget(self._running)
        layout.addWidget(self.problems)
        self._started = 0.0
        self._counted = (0, 0)  # what was done when the estimate began, and of how many
        self.set_busy(False)

    @property
    def problem_words(self) -> str:
        """What could not be used, and why."""
        return str(self._text.toPlainText())

    def say(self, status: Status) -> None:
        """Show a state or an error."""
        self.status.setText(status.text)
        self.status.setProperty("kind", status.kind)
        self.status.setContentsMargins(*((9, 5, 6, 5) if status.kind == "error" else (0, 0, 0, 0)))
        self.status.style().unpolish(self.status)
        self.status.style().polish(self.status)

    def set_busy(self, busy: bool) -> None:
        """Show the bar while something runs."""
        self._started, self._counted = time.monotonic(), (0, 0)
        self._running.setVisible(busy)
        self.bar.setRange(0, 0)

    def progress(self, done: int, total: int, message: str) -> None:
        """Show how far the work is, and about how long it still takes."""
        if total <= 0:
            self.bar.setRange(0, 0)
            self._started, self._counted = time.monotonic(), (0, 0)
        else:
            if total != self._counted[1] or done < self.bar.value():
                self._started, self._counted = time.monotonic(), (done, total)
            self.bar.setRange(0, total)
            self.bar.setValue(done)
        if message and self.status.property("kind") != "error":
            self.status.setText(f"{message}{self._left(done, total)}")

    def _left(self, done: int, total: int) -> str:
        spent = time.monotonic() - self._started
        if total <= 0:
            return ""
        part = f" · {done} of {total}"
        counted = done - self._counted[0]
        if counted <= 0 or spent < _ESTIMATE_AFTER_S:
            return part
        return f"{part} · {time_words(spent / counted * (total - done))}"

    def show_problems(self, problems: Sequence[Problem], notes: Sequence[str] = ()) -> None:
        """List the files that could not be used, each with its reason and remedy, and the notes."""
        self.problems.setVisible(bool(problems or notes))
        n = len(problems)
        unusable = f"{n} file{'' if n == 1 else 's'} could not be used"
        titles = ([unusable] if n else []) + ([note_words(len(notes))] if notes else [])
        self.problems.set_title(" · ".join(titles))
        self._text.setPlainText("\n\n".join([*(_words(p) for p in problems), *notes]))


def _words(problem: Problem) -> str:
    """Name the file by its last part; the rest of its path only clutters the list."""
    message = problem.message.replace(f"{problem.path}: ", "")
    return f"{problem.path.name}: {message}"


def time_words(seconds: float) -> str:
    """Say a duration as a person would: ``about 4 min left``."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} s left"
    return f"about {round(seconds / 60)} min left"
