"""Which slices of a volume speak for a lesion: a bar a slice; a click goes there."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QRectF, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QWidget

_HEIGHT = 46
_LOW, _HIGH = QColor("#5b6b8c"), QColor("#f0be5a")


class SliceStrip(QWidget):
    """Draws each slice as a bar: its height is the probability, its colour how much it counts.

    Signals
    -------
    chosen
        Slice that a person clicked.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._slices: Sequence[tuple[int, float, float]] = ()
        self.setFixedHeight(_HEIGHT)
        self.setToolTip("Slices: the height is the score, bright ones count most. Click to go")
        self.setAccessibleName("Scores of the slices")
        self.hide()

    def show_slices(self, slices: Sequence[tuple[int, float, float]]) -> None:
        """Show slice, weight and probability of each; without any the strip hides."""
        self._slices = sorted(slices)
        self.setVisible(bool(slices))
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the bars."""
        painter = QPainter(self)
        heaviest = max((weight for _, weight, _ in self._slices), default=1.0) or 1.0
        step = self.width() / max(1, len(self._slices))
        for number, (_, weight, probability) in enumerate(self._slices):
            height = max(2.0, probability * (_HEIGHT - 4))
            colour = _HIGH if weight > heaviest / 2 else _LOW
            bar = QRectF(number * step, _HEIGHT - height, max(1.0, step - 1), height)
            painter.fillRect(bar, colour)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go to the slice below the mouse."""
        if self._slices:
            at = int(event.position().x() / self.width() * len(self._slices))
            self.chosen.emit(self._slices[min(max(at, 0), len(self._slices) - 1)][0])
