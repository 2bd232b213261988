"""Docks of ours share one place: each opens as a tab beside those that are there."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_medssl.widgets.empty_page import EmptyPage


def main_window_of(widget: QWidget) -> QMainWindow | None:
    """Find the main window that a docked widget belongs to, floating or not."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QMainWindow):
        parent = parent.parentWidget()
    return parent


def join_tabs(widget: QWidget) -> None:
    """Put the dock of a widget as a tab onto another dock of ours, once it has its place."""
    timer = QTimer(widget, singleShot=True, interval=0)
    timer.timeout.connect(lambda: _join(widget))
    timer.start()


def _join(widget: QWidget) -> None:
    window, own = main_window_of(widget), widget.parentWidget()
    if window is None or not isinstance(own, QDockWidget) or own.isFloating():
        return
    right = Qt.DockWidgetArea.RightDockWidgetArea
    for other in window.findChildren(QDockWidget):
        ours = other is not own and other.findChild(EmptyPage) is not None
        if ours and other.isVisible() and window.dockWidgetArea(other) == right:
            window.tabifyDockWidget(other, own)
            own.raise_()
            QTimer.singleShot(0, lambda: _fit_screen(window))
            return


def _fit_screen(window: QMainWindow) -> None:
    """Undo that the window grew beyond the screen while one dock lay below the other."""
    most = window.screen().availableGeometry().height()
    if window.height() > most:
        window.resize(window.width(), most)
