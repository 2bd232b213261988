"""How one case is drawn in the gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QPointF, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from napari_medssl.colours import colour_of
from napari_medssl.lesions.classes import LABEL
from napari_medssl.widgets.cohort.model import CASE
from napari_medssl.widgets.cohort.pixmaps import Drawn, Pixmaps
from napari_medssl.widgets.cohort.words import SIGNS, short_name, sure_words

if TYPE_CHECKING:
    from medssl.cohort.overview import CaseSummary
    from napari_medssl.cohorts.pictures import Mark
    from napari_medssl.lesions.fits import CaseScore

TILE = QSize(114, 142)
_SIDE = 100
_POINT = 4.0
_FONT_PX = 11
_RINGS = {"to do": "#9A9A9A", "predicted": "#F0BE5A", "reviewed": "#2DD4A7"}
_DARK = QColor(20, 20, 20)
_STRIP = QColor(20, 20, 20, 190)


class Tile(QStyledItemDelegate):
    """Draws a thumbnail with points and masks, ringed by its state, above its name.

    Attributes
    ----------
    landmarks
        Names in the order of their colours.
    scores
        What a classifier of lesions says of each case, by key.
    text
        Colour of the name.
    """

    def __init__(self, pixmaps: Pixmaps) -> None:
        super().__init__()
        self._pixmaps = pixmaps
        self.landmarks: Sequence[str] = ()
        self.scores: Mapping[str, CaseScore] = {}
        self.text, self.chosen = QColor("white"), QColor(0, 104, 178)
        self._font = QFont()
        self._font.setPixelSize(_FONT_PX)
        self._bold = QFont(self._font)
        self._bold.setBold(True)

    def sizeHint(self, _: QStyleOptionViewItem, __: QModelIndex) -> QSize:  # noqa: N802
        """Give every tile the same size."""
        return TILE

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one case."""
        case: CaseSummary = index.data(CASE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = option.rect.adjusted(2, 2, -2, -2)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.chosen)
            painter.drawRoundedRect(area, 4, 4)
        square = QRect(area.x() + (area.width() - _SIDE) // 2, area.y() + 5, _SIDE, _SIDE)
        painter.fillRect(square, _DARK)
        drawn = self._pixmaps.get(case.key)
        if drawn is not None:
            self._picture(painter, square, drawn)
        self._ring(painter, square, case)
        self._label(painter, square, case)
        self._words(painter, area, square, case)
        painter.restore()

    def _picture(self, painter: QPainter, square: QRect, drawn: Drawn) -> None:
        if drawn.pixmap is None:
            painter.setPen(QColor(_RINGS["predicted"]))
            painter.setFont(self._font)
            painter.drawText(square, Qt.AlignmentFlag.AlignCenter, "cannot be\nread")
            return
        size = drawn.pixmap.size().scaled(square.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(square.topLeft(), size)
        place.moveCenter(square.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(place, drawn.pixmap)
        for mark in drawn.marks:
            self._mark(painter, place, mark)

    def _mark(self, painter: QPainter, place: QRect, mark: Mark) -> None:
        at = QPointF(place.x() + mark.x * place.width(), place.y() + mark.y * place.height())
        colour = QColor(colour_of(mark.landmark, self.landmarks))
        if mark.source == "predicted":
            colour.setAlphaF(0.45 + 0.55 * (mark.confidence or 0.0))
            painter.setPen(QPen(colour, 1.8))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, _POINT, _POINT)
            return
        painter.setPen(QPen(_DARK, 1.0))
        painter.setBrush(colour)
        if mark.source == "manual":
            painter.drawEllipse(at, _POINT, _POINT)
            return
        r = _POINT * 1.35
        corners = [QPointF(0, -r), QPointF(r, 0), QPointF(0, r), QPointF(-r, 0)]
        painter.drawPolygon(QPolygonF([at + corner for corner in corners]))

    def _ring(self, painter: QPainter, square: QRect, case: CaseSummary) -> None:
        """Tell the state: a dashed or a solid ring, and a sign in the corner."""
        colour = QColor(_RINGS[case.state])
        todo = case.state == "to do"
        pen = QPen(colour, 1.0 if todo else 2.0)
        pen.setStyle(Qt.PenStyle.DashLine if todo else Qt.PenStyle.SolidLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(square)
        if not todo:
            corner = QRectF(square.right() - 17, square.y() + 2, 16, 16)
            self._badge(painter, corner, colour, SIGNS[case.state])
        if case.changed:
            corner = QRectF(square.x() + 2, square.y() + 2, 16, 16)
            self._badge(painter, corner, QColor("#FF8A5B"), "!")

    def _label(self, painter: QPainter, square: QRect, case: CaseSummary) -> None:
        """Tell at the foot of the picture what the image is labelled, and the score of a lesion."""
        score = self.scores.get(case.key)
        parts = [case.labels.get(LABEL, ""), "" if score is None else f"{score.lesion:.2f}"]
        words = " · ".join(part for part in parts if part)
        if words:
            strip = QRect(square.x() + 1, square.bottom() - 15, square.width() - 2, 15)
            painter.fillRect(strip, _STRIP)
            painter.setPen(QColor("white"))
            painter.setFont(self._bold if parts[0] else self._font)
            centre = Qt.AlignmentFlag.AlignCenter
            painter.drawText(strip, centre, _elided(words, strip.width() - 4, _FONT_PX))

    def _badge(self, painter: QPainter, where: QRectF, colour: QColor, sign: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(where)
        painter.setPen(_DARK)
        painter.setFont(self._bold)
        painter.drawText(where, Qt.AlignmentFlag.AlignCenter, sign)

    def _words(self, painter: QPainter, area: QRect, square: QRect, case: CaseSummary) -> None:
        painter.setPen(self.text)
        line = QRect(area.x() + 3, square.bottom() + 3, area.width() - 6, 15)
        painter.setFont(self._font)
        centre = Qt.AlignmentFlag.AlignCenter
        painter.drawText(line, centre, _elided(short_name(case.name), line.width(), _FONT_PX))
        second = sure_words(case) or " · ".join(case.labels.values()) or case.state
        line.translate(0, 14)
        low = case.state == "predicted" and second in ("low", "check")
        painter.setFont(self._bold if low else self._font)
        painter.drawText(line, centre, _elided(second, line.width(), _FONT_PX))


@lru_cache(maxsize=4096)
def _elided(words: str, width: int, pixels: int) -> str:
    font = QFont()
    font.setPixelSize(pixels)
    return str(QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, width))
