"""Tell in the run folder how a piece of work ended."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager

from medssl.errors import Cancelled, MedsslError, StorageError
from medssl.runs.folder import RunFolder

PROGRESS_SECONDS = 0.5


@contextmanager
def told(run: RunFolder) -> Iterator[None]:
    """Write the state that the work inside ends in, unless it is done; errors pass through.

    A request to stop that was obeyed is taken back.
    """
    try:
        yield
    except (Cancelled, KeyboardInterrupt):
        run.withdraw("stop")
        run.state("stopped")
        raise
    except Exception as error:
        try:
            run.last_words(*explain(error))
        except StorageError as full:
            raise full from error
        raise


def explain(error: Exception) -> tuple[str, str]:
    """Return what happened and, where it is not part of it, what to do."""
    if isinstance(error, MedsslError):
        remedy = str(getattr(error, "remedy", ""))
        message = str(error).removesuffix(remedy).strip()
        return message, remedy
    text = str(error).strip().splitlines()
    problem = f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return problem, "The disk is full. Free some space and resume the run."
    if type(error).__name__ in ("OutOfMemoryError", "MemoryError"):
        return problem, ("The memory is full. Close other programs and resume the run.")
    if "CUDA error" in problem or type(error).__name__ == "AcceleratorError":
        return problem, (
            "The graphics card no longer answers. Resume the run: it goes on from its last "
            "checkpoint. If the card stays away, restart the computer."
        )
    return problem, (
        "This was not foreseen. Resume the run: it goes on from its last checkpoint. If it fails "
        "again, report it with stderr.log of the run folder."
    )


class ProgressEvents:
    """Writes progress events, at most two a second.

    Parameters
    ----------
    run
        The run folder.
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self._told = float("-inf")

    def __call__(self, done: int, total: int, message: str) -> None:
        """Tell ``done`` of ``total``, unless something was told just now; the last always."""
        now = time.monotonic()
        if now - self._told >= PROGRESS_SECONDS or (total and done == total):
            self._told = now
            self.run.event("progress", done=done, total=total, message=message)
