"""Writing what a person did: in order, and again where the disk did not take it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from medssl.errors import StorageError


class Saver:
    """Changes that are not on the disk yet.

    A change that the disk refuses (full, no permission, in use) stays at the head of the queue
    and is written before the next one, so that a click is never lost while the window is open.
    `add` belongs to the window's thread, `write` to the disk's.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def waiting(self) -> int:
        """Number of changes that are not on the disk."""
        return len(self._waiting)

    def add(self, change: Callable[[], None]) -> None:
        """Queue a change."""
        self._waiting.append(change)

    def write(self) -> None:
        """Write what waits.

        Raises
        ------
        medssl.errors.MedsslError
            If the disk refuses a change, which then waits on; or if a change cannot be made at
            all, which then is dropped.
        """
        from medssl.cohort import CohortError

        while self._waiting:
            change = self._waiting.popleft()
            try:
                change()
            except (StorageError, CohortError):
                self._waiting.appendleft(change)
                raise
