"""What every dock of ours does alike: how it is built, opens as a tab, follows the theme, ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSize
from qtpy.QtWidgets import QApplication, QSizePolicy, QVBoxLayout, QWidget

from napari_medssl.widgets.parts import rule
from napari_medssl.widgets.style import sheet
from napari_medssl.widgets.tabs import join_tabs

if TYPE_CHECKING:
    from napari import Viewer
    from qtpy.QtGui import QShowEvent

_WIDTH, _HEIGHT, _NARROWEST = 384, 640, 320


class DockFrame(QWidget):
    """Head, body, action and foot of a dock.

    Parameters
    ----------
    viewer
        The viewer that the dock belongs to.
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._closed = self._placed = False
        self.setMinimumWidth(_NARROWEST)
        # napari leaves room below a dock that does not expand, more for each that is opened
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setStyleSheet(sheet(viewer))
        viewer.events.theme.connect(self._restyle)
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close_task)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Open as a tab beside the other docks of ours."""
        super().showEvent(event)
        if not self._placed:
            self._placed = True
            join_tabs(self)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Width of the dock."""
        return QSize(_WIDTH, _HEIGHT)

    def stack(
        self, head: QWidget, pages: tuple[QWidget, ...], actions: QWidget, foot: QWidget
    ) -> None:
        """Lay the parts below each other; one of the pages is seen at a time, and fills the dock.

        Parameters
        ----------
        head, actions, foot
            What is always seen.
        pages
            What teaches where nothing is open, and the body.
        """
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 10)
        layout.setSpacing(8)
        layout.addWidget(head)
        layout.addWidget(rule())
        for page in pages:
            layout.addWidget(page, 1)
        layout.addWidget(actions)
        layout.addWidget(rule())
        layout.addWidget(foot)

    def close_task(self) -> None:
        """Let go of the viewer and end the threads, once; what a person made is written first."""
        if self._closed:
            return
        self._closed = True
        self._viewer.events.theme.disconnect(self._restyle)
        self._let_go()

    def event(self, event: QEvent) -> bool:
        """End the task with the dock: napari takes the widget out of it, and tells nobody."""
        done = bool(super().event(event))
        if event.type() == QEvent.Type.Close or (
            event.type() == QEvent.Type.ParentChange and self.parent() is None
        ):
            self.close_task()
        return done

    def _let_go(self) -> None:
        """Let go of the viewer and end the threads."""

    def _restyle(self) -> None:
        self.setStyleSheet(sheet(self._viewer))


def column(*parts: QWidget | tuple[QWidget, int]) -> QWidget:
    """Put the parts of a body below each other; a part with a number takes that share of room."""
    body = QWidget()
    layout = QVBoxLayout(body)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(7)
    for part in parts:
        widget, share = part if isinstance(part, tuple) else (part, 0)
        layout.addWidget(widget, share)
    return body
