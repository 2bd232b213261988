"""How the tests use the window: as a person does, with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


def canvas_of(viewer: Any) -> Any:
    return viewer.window._qt_viewer.canvas


def position_of(viewer: Any, world: Sequence[float]) -> QPoint:
    """Where a world point (the displayed axes) lies on the canvas, in its own pixels."""
    canvas = canvas_of(viewer)
    transform = canvas.view.transform * canvas.view.scene.transform
    x, y = transform.map([world[-1], world[-2]])[:2]
    return QPoint(round(x), round(y))


def world_of(viewer: Any, at: QPoint) -> np.ndarray:
    canvas = canvas_of(viewer)
    transform = canvas.view.transform * canvas.view.scene.transform
    x, y = transform.imap([at.x(), at.y()])[:2]
    return np.array([y, x])


def until(holds: Callable[[], object], most_s: float = 120.0) -> None:
    """Let the window work until something holds; the limit is only for tests that fail."""
    loop, look, limit = QEventLoop(), QTimer(), QTimer(singleShot=True)
    look.timeout.connect(lambda: loop.quit() if holds() else None)
    limit.timeout.connect(loop.quit)
    look.start(5)
    limit.start(round(most_s * 1000))
    loop.exec()
    look.stop()
    assert holds(), "the window did not get where it should"


def open_dock(viewer: Any, engine: Any = None) -> Any:
    """Open the Landmarks dock, and wait for the canvas to have found its size."""
    from napari_medssl.widgets.landmarks import LandmarksWidget

    dock = LandmarksWidget(viewer, engine=engine)
    viewer.window.add_dock_widget(dock, name="Landmarks", area="right")
    until(dock.isVisible)
    settle()
    return dock


def wait_idle(dock: Any) -> None:
    """Wait until everything asked for is done and shown."""
    session = dock.session
    until(
        lambda: (
            session.ready is not None
            and session.image is not None
            and not dock.threads.busy
            and not dock._later.isActive()
        )
    )
    settle()


def name_landmark(dock: Any, name: str) -> None:
    """Type the name of a new landmark."""
    dock.list.name.setFocus()
    QTest.keyClicks(dock.list.name, name)
    QTest.keyClick(dock.list.name, Qt.Key.Key_Return)
    settle()


def place(dock: Any, viewer: Any, name: str, world: Sequence[float]) -> None:
    """Name a landmark, click it, wait until it is found everywhere."""
    name_landmark(dock, name)
    click(viewer, world)
    session = dock.session
    until(lambda: len(session.points_of(name)) == len(session.sources))
    wait_idle(dock)


def click(viewer: Any, world: Sequence[float], keys: Any = NO_KEYS) -> None:
    """Click a world point, with keys held down."""
    native = canvas_of(viewer).native
    settle()
    at = QPointF(position_of(viewer, world))
    _mouse(native, QEvent.Type.MouseMove, at, NONE, NONE)
    _mouse(native, QEvent.Type.MouseButtonPress, at, LEFT, LEFT, keys)
    _mouse(native, QEvent.Type.MouseButtonRelease, at, LEFT, NONE, keys)
    settle()


def drag(viewer: Any, start: Sequence[float], end: Sequence[float]) -> None:
    """Drag from one world point to another."""
    native = canvas_of(viewer).native
    settle()
    a, b = QPointF(position_of(viewer, start)), QPointF(position_of(viewer, end))
    _mouse(native, QEvent.Type.MouseMove, a, NONE, NONE)
    _mouse(native, QEvent.Type.MouseButtonPress, a, LEFT, LEFT)
    for share in (0.25, 0.5, 0.75, 1.0):
        _move_pressed(viewer, a + (b - a) * share)
    _mouse(native, QEvent.Type.MouseButtonRelease, b, LEFT, NONE)
    settle()


def fling(viewer: Any, start: Sequence[float], end: Sequence[float]) -> None:
    """Drag so fast that no move in between is heard."""
    native = canvas_of(viewer).native
    settle()
    a, b = QPointF(position_of(viewer, start)), QPointF(position_of(viewer, end))
    _mouse(native, QEvent.Type.MouseButtonPress, a, LEFT, LEFT)
    _mouse(native, QEvent.Type.MouseButtonRelease, b, LEFT, NONE)
    settle()


def _move_pressed(viewer: Any, at: QPointF) -> None:
    """Move with the button down; vispy drops moves within 10 ms, so again until it is heard."""
    canvas, heard = canvas_of(viewer), []
    events = canvas._scene_canvas.events.mouse_move
    events.connect(heard.append)

    def taken() -> bool:
        if not heard:
            _mouse(canvas.native, QEvent.Type.MouseMove, at, NONE, LEFT)
        return bool(heard)

    until(taken)
    events.disconnect(heard.append)


def _mouse(
    native: Any, kind: QEvent.Type, at: QPointF, button: Any, pressed: Any, keys: Any = NO_KEYS
) -> None:
    """Give the canvas one mouse event, now.

    `QTest` sends its events through the window system, which takes a press soon after a click
    for the second half of a double click, and moves the pointer of the screen, whose own events
    come whenever the screen's server finds the time: in the middle of a drag.
    """
    on_screen = QPointF(native.mapToGlobal(at.toPoint()))
    QApplication.sendEvent(native, QMouseEvent(kind, at, on_screen, button, pressed, keys))


def press(viewer: Any, key: Any, modifiers: Any = NO_KEYS) -> None:
    QTest.keyClick(canvas_of(viewer).native, key, modifiers)
    settle()


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()
