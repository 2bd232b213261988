"""How the tests use the window: as a person does, with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

LEFT = Qt.MouseButton.LeftButton
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


def click(viewer: Any, world: Sequence[float]) -> None:
    QTest.mouseClick(canvas_of(viewer).native, LEFT, NO_KEYS, position_of(viewer, world))
    settle()


def drag(viewer: Any, start: Sequence[float], end: Sequence[float]) -> None:
    native = canvas_of(viewer).native
    a, b = position_of(viewer, start), position_of(viewer, end)
    QTest.mouseMove(native, a)
    settle()
    QTest.mousePress(native, LEFT, NO_KEYS, a)
    for share in (0.25, 0.5, 0.75, 1.0):
        _move_pressed(native, QPointF(a) + (QPointF(b) - QPointF(a)) * share)
        settle()
    QTest.mouseRelease(native, LEFT, NO_KEYS, b)
    settle()


def _move_pressed(native: Any, at: QPointF) -> None:
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QMouseEvent

    event = QMouseEvent(
        QEvent.Type.MouseMove,
        at,
        native.mapToGlobal(at),
        Qt.MouseButton.NoButton,
        LEFT,
        NO_KEYS,
    )
    QApplication.sendEvent(native, event)


def press(viewer: Any, key: Any, modifiers: Any = NO_KEYS) -> None:
    QTest.keyClick(canvas_of(viewer).native, key, modifiers)
    settle()


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()
