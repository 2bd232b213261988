"""One plane, painted: picture, points, crosshair, letters, scale bar; and its mouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, Qt, Signal
from qtpy.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_medssl.reading.directions import Ends
from napari_medssl.reading.planes import Layout, Plane
from napari_medssl.widgets.reading import painting
from napari_medssl.widgets.reading.plane_geometry import PaneView

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STEP = 120  # Qt's unit of a notch of the wheel


@dataclass(frozen=True)
class Mark:
    """A point near the plane: where it is in the world, how it is drawn."""

    row: float
    column: float
    name: str
    face: QColor
    border: QColor
    diamond: bool


@dataclass(frozen=True)
class Scene:
    """All that a pane paints.

    Parameters
    ----------
    view
        How the plane lies in the pane.
    layout
        Of the image.
    picture
        RGB; None where there is none in this plane.
    cross
        World place ``(row, column)`` of the crosshair.
    marks
        Points near the plane.
    letters
        At the low and high end of rows and of columns, or nothing.
    caption
        Which slice it is.
    unit
        ``"mm"`` or ``"px"``.
    """

    view: PaneView
    layout: Layout
    picture: NDArray[np.uint8] | None
    cross: tuple[float, float]
    marks: tuple[Mark, ...]
    letters: tuple[Ends, ...]
    caption: str
    unit: str


class PlanePane(QWidget):
    """One of the three planes.

    Signals
    -------
    pointed
        World place ``(row, column)`` that was clicked or dragged to.
    scrolled
        Slices to go on by.
    zoomed
        Notches of the wheel with Ctrl held.
    moved
        Pixels by which the picture is dragged with the middle button.
    window_started, window_dragged
        The right button went down; and the pixels to the right and upwards since then.
    reset
        A double click: the whole image again.
    """

    pointed = Signal(float, float)
    scrolled = Signal(int)
    zoomed = Signal(float)
    moved = Signal(float, float)
    window_started = Signal()
    window_dragged = Signal(float, float)
    reset = Signal()

    def __init__(self, plane: Plane) -> None:
        super().__init__()
        self.plane = plane
        self.scene: Scene | None = None
        self._pressed: QPointF | None = None
        self._notches = 0
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setToolTip(
            "Click or drag: move the crosshair. Wheel: slices. Right drag: window. "
            "Ctrl and wheel: zoom. Middle drag: shift. Double click: all of it."
        )

    def show_scene(self, scene: Scene | None) -> None:
        """Paint something else."""
        self.scene = scene
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the plane."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        scene = self.scene
        if scene is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if scene.picture is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(scene.view.frame(scene.layout), _image(scene.picture))
            for mark in scene.marks:
                painting.draw_mark(painter, scene.view.to_screen(mark.row, mark.column), mark)
            at = scene.view.to_screen(*scene.cross)
            painting.draw_cross(painter, self.rect(), at, self.plane)
            painting.draw_letters(painter, self.rect(), scene.letters, self.plane)
            painting.draw_caption(painter, self.rect(), self.plane, scene.caption)
            painting.draw_scale(painter, self.rect(), scene.view.zoom, scene.unit)
        painter.end()

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin what the button means."""
        self._pressed = event.position()
        if event.button() == Qt.MouseButton.LeftButton and not _ctrl(event):
            self._point(event.position())
        elif self._is_window(event.buttons(), event):
            self.window_started.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go on with it."""
        if self._pressed is None:
            return
        way = event.position() - self._pressed
        if self._is_window(event.buttons(), event):
            self.window_dragged.emit(way.x(), -way.y())
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self._point(event.position())
        elif event.buttons() & Qt.MouseButton.MiddleButton:
            self._pressed = event.position()
            self.moved.emit(way.x(), way.y())

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """End it."""
        self._pressed = None

    def mouseDoubleClickEvent(self, _: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show the whole image again."""
        self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Go through the slices, or zoom."""
        turned = event.angleDelta().y()
        event.accept()
        if _ctrl(event):
            self.zoomed.emit(turned / _STEP)
            return
        self._notches += turned
        steps, self._notches = int(self._notches / _STEP), self._notches % _STEP
        if self._notches and turned < 0:
            self._notches -= _STEP
        if steps:
            self.scrolled.emit(steps)

    def _point(self, at: QPointF) -> None:
        if self.scene is not None:
            self.pointed.emit(*self.scene.view.to_world(at))

    @staticmethod
    def _is_window(buttons: Qt.MouseButton, event: QMouseEvent) -> bool:
        right = bool(buttons & Qt.MouseButton.RightButton)
        return right or (bool(buttons & Qt.MouseButton.LeftButton) and _ctrl(event))


def _ctrl(event: QMouseEvent | QWheelEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def _image(picture: NDArray[np.uint8]) -> QImage:
    height, width = picture.shape[:2]
    return QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888)
