"""Axes of the curves; imported late, since it brings in pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence

from pyqtgraph import AxisItem


class StepAxis(AxisItem):
    """Whole steps only."""

    def tickStrings(  # noqa: N802 - pyqtgraph's name
        self, values: Sequence[float], _scale: float, _spacing: float
    ) -> list[str]:
        """Write whole numbers; leave what lies between without a name."""
        whole = [abs(value - round(value)) < 1e-6 for value in values]
        return [f"{round(v):,}" if w else "" for v, w in zip(values, whole, strict=True)]


class LossAxis(AxisItem):
    """Values, or their powers of ten: the plot then holds logarithms.

    Few enough names that they never overlap, also where the values span less than a decade.
    """

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.logarithmic = False

    def tickStrings(  # noqa: N802 - pyqtgraph's name
        self, values: Sequence[float], _scale: float, _spacing: float
    ) -> list[str]:
        """Write the values themselves."""
        if not self.logarithmic:
            return [f"{value:.3g}" for value in values]
        return [f"{10.0**value:.3g}" for value in values]
