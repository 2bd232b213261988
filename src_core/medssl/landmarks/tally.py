"""One count over several pieces of work."""

from __future__ import annotations

from medssl.progress import Progress, silent


class Tally:
    """Counts work of several kinds up to one total, and tells a progress callback.

    Parameters
    ----------
    progress
        Told after each piece; may raise `Cancelled`.
    total
        Number of pieces of all kinds.
    """

    def __init__(self, progress: Progress = silent, total: int = 0) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def skip(self, pieces: int) -> None:
        """Count pieces that were there already."""
        self._done += pieces

    def add(self, pieces: int, message: str) -> None:
        """Count finished pieces and say what was done."""
        self._done += pieces
        self._progress(self._done, self._total, message)
