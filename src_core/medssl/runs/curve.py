"""A curve that never grows beyond what a plot can show."""

from __future__ import annotations

from bisect import bisect_left

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
        self.capacity = max(2, capacity)
        self._steps: list[int] = []
        self._values: list[float] = []
        self._every = 1
        self._offered = 0
        self._newest: tuple[int, float] | None = None

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps, rising; the newest is always among them."""
        newest = [] if self._newest is None else [self._newest[0]]
        return np.array(self._steps + newest, np.int64)

    @property
    def values(self) -> NDArray[np.float64]:
        """Value at each step."""
        newest = [] if self._newest is None else [self._newest[1]]
        return np.array(self._values + newest, np.float64)

    def add(self, step: int, value: float) -> None:
        """Add a point; a step that was there before takes the place of all from there on."""
        if self._steps and step <= self._steps[-1]:
            self._forget_from(step)
        if len(self._steps) == self.capacity and self._offered % self._every == 0:
            del self._steps[1::2], self._values[1::2]
            self._every *= 2
        if self._offered % self._every:
            self._newest = (step, value)
        else:
            self._newest = None
            self._steps.append(step)
            self._values.append(value)
        self._offered += 1

    def _forget_from(self, step: int) -> None:
        kept = bisect_left(self._steps, step)
        del self._steps[kept:], self._values[kept:]
        self._offered = kept * self._every
