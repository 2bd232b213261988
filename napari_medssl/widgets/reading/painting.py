"""What is drawn over the picture of a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from napari_medssl.reading.directions import Ends
from napari_medssl.reading.planes import PLANES, Plane

if TYPE_CHECKING:
    from napari_medssl.widgets.reading.pane import Mark

#: One colour a plane, told apart by the colour-blind too: the lines in it stand for the others.
COLOURS = {"Axial": "#E69F00", "Coronal": "#56B4E9", "Sagittal": "#CC79A7"}
_GAP = 9.0  # pixels around the crosshair that stay free
_INSET = 24.0  # pixels at the edges that belong to the letters
_MARK = 5.5
_MARGIN = 8
_LENGTHS = tuple(m * 10.0**e for e in range(-3, 5) for m in (1, 2, 5))
_LONGEST = 0.3  # of the pane


def draw_cross(painter: QPainter, rect: QRect, at: QPointF, plane: Plane) -> None:
    """Draw a line for each of the other planes, free around the point itself."""
    x, y = at.x(), at.y()
    right, bottom = rect.width() - _INSET, rect.height() - _INSET
    across = (QLineF(_INSET, y, x - _GAP, y), QLineF(x + _GAP, y, right, y))
    down = (QLineF(x, _INSET, x, y - _GAP), QLineF(x, y + _GAP, x, bottom))
    for axis, lines in ((plane.rows, across), (plane.columns, down)):
        other = next(one for one in PLANES if one.normal == axis)
        colour = QColor(COLOURS[other.name])
        colour.setAlphaF(0.85)
        painter.setPen(QPen(colour, 1))
        for line in lines:
            if line.x1() <= line.x2() and line.y1() <= line.y2():
                painter.drawLine(line)


def draw_mark(painter: QPainter, at: QPointF, mark: Mark) -> None:
    """Draw a point with its name."""
    painter.setPen(QPen(mark.border, 2))
    painter.setBrush(mark.face)
    if mark.diamond:
        reach = _MARK * 1.3
        corners = [(0, -reach), (reach, 0), (0, reach), (-reach, 0)]
        painter.drawPolygon(QPolygonF([at + QPointF(x, y) for x, y in corners]))
    else:
        painter.drawEllipse(at, _MARK, _MARK)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if mark.name:
        _write(painter, at + QPointF(_MARK + 5, 4), mark.name, QColor("white"))


def draw_letters(painter: QPainter, rect: QRect, pairs: tuple[Ends, ...], plane: Plane) -> None:
    """Write which side of the patient is at each edge."""
    if len(pairs) != len(PLANES):
        return
    top, bottom = pairs[plane.rows][::-1] if plane.upwards else pairs[plane.rows]
    left, right = pairs[plane.columns]
    _font(painter, 10.5, bold=True)
    inner = QRectF(rect.adjusted(_MARGIN, _MARGIN - 2, -_MARGIN, -_MARGIN + 2))
    centre, middle = Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignVCenter
    for words, where in (
        (top, centre | Qt.AlignmentFlag.AlignTop),
        (bottom, centre | Qt.AlignmentFlag.AlignBottom),
        (left, middle | Qt.AlignmentFlag.AlignLeft),
        (right, middle | Qt.AlignmentFlag.AlignRight),
    ):
        painter.setPen(QColor(0, 0, 0, 200))
        painter.drawText(inner.translated(1, 1), int(where), words)
        painter.setPen(QColor("white"))
        painter.drawText(inner, int(where), words)


def draw_caption(painter: QPainter, rect: QRect, plane: Plane, words: str) -> None:
    """Write the name of the plane in its colour, and the slice."""
    _font(painter, 9.5, bold=True)
    baseline = QPointF(_MARGIN, _MARGIN + painter.fontMetrics().ascent() - 2)
    _write(painter, baseline, plane.name, QColor(COLOURS[plane.name]))
    if rect.width() < 240:
        return
    used = painter.fontMetrics().horizontalAdvance(plane.name)
    _font(painter, 8.5)
    if used + painter.fontMetrics().horizontalAdvance(words) + 30 < rect.width() / 2:
        _write(painter, baseline + QPointF(used + 7, 0), words, QColor(215, 215, 215))


def draw_scale(painter: QPainter, rect: QRect, zoom: float, unit: str) -> None:
    """Draw a bar of a round length."""
    fitting = [length for length in _LENGTHS if length * zoom <= rect.width() * _LONGEST]
    if not fitting:
        return
    length = fitting[-1]
    right, y = rect.width() - _MARGIN, rect.height() - _MARGIN - 2
    left = right - length * zoom
    bar = (QLineF(left, y, right, y), QLineF(left, y - 3, left, y), QLineF(right, y - 3, right, y))
    for colour, width in ((QColor(0, 0, 0, 200), 4), (QColor("white"), 2)):
        painter.setPen(QPen(colour, width))
        painter.drawLines(list(bar))
    _font(painter, 8.5)
    words = f"{length:g} {unit}"
    advance = painter.fontMetrics().horizontalAdvance(words)
    _write(painter, QPointF((left + right - advance) / 2, y - 6), words, QColor("white"))


def _font(painter: QPainter, size: float, bold: bool = False) -> None:
    font = QFont(painter.font())
    font.setPointSizeF(size)
    font.setBold(bold)
    painter.setFont(font)


def _write(painter: QPainter, at: QPointF, words: str, colour: QColor) -> None:
    """Write words that are read on dark and on bright."""
    painter.setPen(QColor(0, 0, 0, 210))
    for way in (QPointF(1, 1), QPointF(-1, 1), QPointF(1, -1), QPointF(-1, -1)):
        painter.drawText(at + way, words)
    painter.setPen(colour)
    painter.drawText(at, words)
