"""How long a training waits for its data."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")


class Waiting:
    """Adds up the time between asking for a batch and having it.

    It is the time that the loop stands still: what the reading thread does while a step is
    computed is not in it. Nor is, on a card, the way of a batch to the card, which is a part of the
    step.

    Parameters
    ----------
    seconds
        Seconds waited already, in earlier attempts.

    Examples
    --------
    >>> waiting = Waiting()
    >>> list(waiting.over([1, 2]))
    [1, 2]
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def over(self, batches: Iterable[_Item]) -> Iterator[_Item]:
        """Yield what `batches` yields."""
        waited_for = iter(batches)
        while True:
            asked = time.monotonic()
            try:
                batch = next(waited_for)
            except StopIteration:
                return
            self.seconds += time.monotonic() - asked
            yield batch

    def share_of(self, seconds: float) -> float:
        """Return the share of a training of so many seconds."""
        return round(min(1.0, self.seconds / seconds), 4) if seconds > 0 else 0.0
