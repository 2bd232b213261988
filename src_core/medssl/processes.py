"""The processes that share a training: what they agree on, and who waits for whom.

They are started by ``torchrun`` or ``accelerate launch``. In one process everything here returns
at once.
"""

from __future__ import annotations

import functools
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed

from medssl.errors import Cancelled, MedsslError

_T = TypeVar("_T")

TIMEOUT = timedelta(minutes=5)
"""How long a process waits for another one that says nothing."""
BEAT_SECONDS = 1.0
"""How often a process that works lets those that wait for it know."""


class ProcessLostError(MedsslError):
    """Another process of this training failed, ended or no longer answers."""


def process_count() -> int:
    """Return how many processes compute together."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 1
    return distributed.get_world_size()


def launched_processes() -> int:
    """Return how many processes were started together, before they know each other."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first_process() -> bool:
    """Whether this is the first or only process: the one that writes."""
    return int(os.environ.get("RANK", "0")) == 0


def is_first_here() -> bool:
    """Whether this is the first or only process on its computer."""
    return int(os.environ.get("LOCAL_RANK", "0")) == 0


def any_process(flag: bool) -> bool:
    """Whether the flag is up in any process."""
    if process_count() == 1:
        return flag
    return bool(_summed(torch.tensor([int(flag)])) > 0)


def number_of_first(number: int) -> int:
    """Return the number that the first process has."""
    if process_count() == 1:
        return number
    value = torch.tensor([number])
    distributed.broadcast(value, 0, group=_group())
    return int(value)


def bytes_of_first(data: bytes | None) -> bytes:
    """Return the bytes that the first process has; the others give None."""
    size = number_of_first(-1 if data is None else len(data))
    if process_count() == 1:
        return data or b""
    value = torch.empty(size, dtype=torch.uint8)
    if data:
        value = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    distributed.broadcast(value, 0, group=_group())
    return value.numpy().tobytes()


def same_everywhere(text: str) -> bool:
    """Whether all processes have the same text."""
    return not any_process(bytes_of_first(text.encode()) != text.encode())


def while_others_wait(work: Callable[[], _T] | None) -> _T | None:
    """Do the work, where there is some, and return its result; processes without work wait.

    However long it takes: those that work let the others know that they live.

    Raises
    ------
    ProcessLostError
        If the work of another process fails, or one of them no longer answers.
    Cancelled
        If the work of any process is cancelled.
    """
    if process_count() == 1:
        return None if work is None else work()
    watch = _Watch()
    watch.start()
    result = None
    try:
        if work is not None:
            result = work()
    except Cancelled:
        watch.cancelled = True
    except BaseException:
        watch.failed = True
        raise
    finally:
        watch.finish()
    watch.judge()
    return result


def once_a_computer(work: Callable[[], _T]) -> _T:
    """Do the work in all processes, first in one on each computer: it fills the caches."""
    mine = is_first_here()
    first = while_others_wait(work if mine else None)
    later = while_others_wait(None if mine else work)
    result = first if mine else later
    assert result is not None
    return result


@contextmanager
def lost_processes_told() -> Iterator[None]:
    """Turn what torch says when another process is gone into an error that a person reads."""
    try:
        yield
    except RuntimeError as error:
        if process_count() == 1 or not _is_from_another(error):
            raise
        raise _lost(error) from error


class _Watch(threading.Thread):
    """Asks all processes, again and again, whether one still works."""

    def __init__(self) -> None:
        super().__init__(name="watch", daemon=True)
        self.failed = self.cancelled = False
        self._finished = threading.Event()
        self._error: RuntimeError | None = None
        self._failed_anywhere = self._cancelled_anywhere = False

    def run(self) -> None:
        """Go on until all are finished."""
        try:
            while True:
                self._finished.wait(BEAT_SECONDS)
                working = not self._finished.is_set()
                total = _summed(torch.tensor([working, self.failed, self.cancelled]).int())
                if total[0] == 0:
                    self._failed_anywhere = bool(total[1] > 0)
                    self._cancelled_anywhere = bool(total[2] > 0)
                    return
        except RuntimeError as error:
            self._error = error

    def finish(self) -> None:
        """Say that this process is finished, and wait for the others."""
        self._finished.set()
        self.join()

    def judge(self) -> None:
        """Raise what all processes must raise."""
        if self._error is not None:
            raise _lost(self._error) from self._error
        if self._failed_anywhere:
            raise ProcessLostError(
                "another process of this training failed; its own output says why. "
                "Then run the same command again: it goes on from the last checkpoint."
            )
        if self._cancelled_anywhere:
            raise Cancelled("stopped; run it again to go on")


def _summed(values: Tensor) -> Tensor:
    distributed.all_reduce(values, group=_group())
    return values


@functools.cache
def _group() -> distributed.ProcessGroup | None:
    """Return the group for messages between processors; None is the group of all."""
    if distributed.get_backend() == "gloo":
        return None
    group: distributed.ProcessGroup = distributed.new_group(backend="gloo", timeout=TIMEOUT)
    return group


def _is_from_another(error: RuntimeError) -> bool:
    text = str(error)
    words = ("gloo", "Connection closed by peer", "Connection reset", "NCCL", "Timed out waiting")
    return isinstance(error, distributed.DistError) or any(word in text for word in words)


def _lost(error: RuntimeError) -> ProcessLostError:
    first_line = str(error).strip().splitlines()[0]
    reason = re.sub(r"^\[[^]]*\]\s*", "", first_line).split(". ")[0][:200]
    here = f"process {distributed.get_rank()} on {socket.gethostname()}"
    return ProcessLostError(
        f"another process of this training ended or no longer answers ({here}: {reason}). "
        "Its own output says why; then run the same command again: it goes on from the last "
        "checkpoint."
    )
