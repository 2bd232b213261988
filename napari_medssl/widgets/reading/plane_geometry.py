"""Between the millimetres of a plane and the pixels of its pane."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import QPointF, QRectF

from napari_medssl.reading.planes import Layout, Plane


@dataclass(frozen=True)
class PaneView:
    """How a plane lies in its pane.

    Parameters
    ----------
    plane
        Which plane.
    centre
        World place ``(row, column)`` in the middle of the pane.
    zoom
        Pixels of the screen a unit of the world (a millimetre), in both directions.
    middle
        Middle of the pane in pixels.
    """

    plane: Plane
    centre: tuple[float, float]
    zoom: float
    middle: tuple[float, float]

    @property
    def _sign(self) -> float:
        return -1.0 if self.plane.upwards else 1.0

    def to_screen(self, row: float, column: float) -> QPointF:
        """Give the pixel of a world place."""
        x = self.middle[0] + (column - self.centre[1]) * self.zoom
        y = self.middle[1] + (row - self.centre[0]) * self.zoom * self._sign
        return QPointF(x, y)

    def to_world(self, at: QPointF) -> tuple[float, float]:
        """Give the world place ``(row, column)`` of a pixel."""
        row = self.centre[0] + (at.y() - self.middle[1]) / self.zoom * self._sign
        return row, self.centre[1] + (at.x() - self.middle[0]) / self.zoom

    def frame(self, layout: Layout) -> QRectF:
        """Give the rectangle of an image on the screen."""
        (top, bottom), (left, right) = (
            layout.edges(axis) for axis in (self.plane.rows, self.plane.columns)
        )
        one, other = self.to_screen(top, left), self.to_screen(bottom, right)
        return QRectF(one, other).normalized()


def fitting_zoom(plane: Plane, layout: Layout, width: float, height: float) -> float:
    """Pixels a unit at which a whole plane is seen in a pane."""
    rows, columns = (high - low for low, high in map(layout.edges, (plane.rows, plane.columns)))
    return max(min(width / columns, height / rows), 1e-6)


def middle_of(plane: Plane, layout: Layout) -> tuple[float, float]:
    """World place ``(row, column)`` of the middle of a plane."""
    rows, columns = (sum(layout.edges(axis)) / 2 for axis in (plane.rows, plane.columns))
    return rows, columns
