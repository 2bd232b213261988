"""A curve that never grows beyond what a plot can show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Curve:
    """Values over steps in bounded memory: when full, every other point is forgotten.

    Parameters
    ----------
    capacity
        Most points that are kept.

    Examples
    --------
    >>> curve = Curve(capacity=4)
    >>> for step in range(9):
    ...     curve.add(step, step / 10)
    >>> curve.steps.tolist()
    [0, 4, 8]
    """

    def __init__(self, capacity: int = 2000) -> None:
        self._steps = np.empty(max(2, capacity), np.int64)
        self._values = np.empty(max(2, capacity), np.float64)
        self._count = 0
        self._every = 1
        self._offered = 0
        self._newest: tuple[int, float] | None = None

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps, rising; the newest is always among them."""
        kept = self._steps[: self._count]
        return kept.copy() if self._newest is None else np.append(kept, self._newest[0])

    @property
    def values(self) -> NDArray[np.float64]:
        """Value at each step."""
        kept = self._values[: self._count]
        return kept.copy() if self._newest is None else np.append(kept, self._newest[1])

    def add(self, step: int, value: float) -> None:
        """Add a point; a step that was there before takes the place of all from there on."""
        self._newest = None
        if self._count and step <= self._steps[self._count - 1]:
            self._count = int(np.searchsorted(self._steps[: self._count], step))
            self._offered = self._count * self._every
        if self._offered % self._every:
            self._newest = (step, value)
        else:
            self._keep(step, value)
        self._offered += 1

    def _keep(self, step: int, value: float) -> None:
        if self._count == len(self._steps):
            self._count = (self._count + 1) // 2
            self._steps[: self._count] = self._steps[::2]
            self._values[: self._count] = self._values[::2]
            self._every *= 2
            if self._offered % self._every:
                self._newest = (step, value)
                return
        self._steps[self._count], self._values[self._count] = step, value
        self._count += 1
