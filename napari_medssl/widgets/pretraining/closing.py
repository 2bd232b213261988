"""The question when the window is closed while a run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

Answer = Literal["keep", "stop", "kill", "stay"]


class ClosingQuestion(QObject):
    """Asks once when a person closes the window with a run going on.

    A script that closes the viewer is not asked: the run goes on.

    Parameters
    ----------
    window
        napari's main window.
    describe
        Gives the run that goes on in words; empty where none does.
    obey
        Called with the answer, unless the person stays.
    """

    def __init__(
        self, window: QMainWindow, describe: Callable[[], str], obey: Callable[[Answer], None]
    ) -> None:
        super().__init__(window)
        self._window, self._describe, self._obey = window, describe, obey
        self._by_menu = False
        self._close = window.close
        window.close = self._hear_close
        window.installEventFilter(self)

    def end(self) -> None:
        """Ask no more."""
        self._window.removeEventFilter(self)
        del self._window.close

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keep the window open where the person stays."""
        closing = watched is self._window and event.type() == QEvent.Type.Close
        if closing and (event.spontaneous() or self._by_menu):
            words = self._describe()
            if words:
                answer = ask(self._window, words)
                if answer == "stay":
                    event.ignore()
                    return True
                self._obey(answer)
        return bool(super().eventFilter(watched, event))

    def _hear_close(self, quit_app: bool = False, confirm_need: bool = False) -> bool | None:
        """Tell napari's menu, which wants a confirmation, from a script, which does not."""
        self._by_menu = confirm_need
        try:
            closed: bool | None = self._close(quit_app, confirm_need)
            return closed
        finally:
            self._by_menu = False


def ask(parent: QWidget, words: str) -> Answer:
    """Ask what becomes of a run."""
    question = QMessageBox(parent)
    question.setObjectName("closing with a run")
    question.setIcon(QMessageBox.Icon.Question)
    question.setWindowTitle("A run goes on")
    question.setText(words)
    question.setInformativeText(
        "It can go on without napari. Open Pretraining again, and you find it there."
    )
    keep = question.addButton("Keep running", QMessageBox.ButtonRole.AcceptRole)
    stop = question.addButton("Stop after saving", QMessageBox.ButtonRole.AcceptRole)
    kill = question.addButton("Kill", QMessageBox.ButtonRole.DestructiveRole)
    stay = question.addButton("Do not close", QMessageBox.ButtonRole.RejectRole)
    question.setDefaultButton(keep)
    question.setEscapeButton(stay)
    question.exec()
    answers: dict[object, Answer] = {keep: "keep", stop: "stop", kill: "kill"}
    return answers.get(question.clickedButton(), "stay")
