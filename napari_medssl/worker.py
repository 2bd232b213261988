"""Background threads: work is done in order, results arrive in the window's own thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from qtpy.QtCore import QObject, Qt, Signal

from medssl.errors import Cancelled
from medssl.progress import Progress

_LOG = logging.getLogger(__name__)
_REPORT_EVERY_S = 0.05

Task = Callable[[Progress], Any]
Done = Callable[[Any], None]
Failed = Callable[[BaseException], None]


class Runner(Protocol):
    """Whatever runs tasks one after the other and calls back: a `Worker`, or inline in tests."""

    def submit(self, task: Task, done: Done, failed: Failed) -> None:
        """Queue ``task(progress)``; then call `done` with its result or `failed` with its error."""

    def cancel(self) -> None:
        """Ask every queued and running task to stop; they fail with `Cancelled`."""


@dataclass
class _Job:
    task: Task
    done: Done
    failed: Failed
    stop: threading.Event = field(default_factory=threading.Event)
    future: Future[Any] | None = None


class Worker(QObject):
    """One background thread for one kind of work.

    Tasks run in the order they came. Their results, errors and progress are delivered in the
    thread that made the worker.
    """

    progressed = Signal(int, int, str)
    busy_changed = Signal(bool)
    _finished = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"medssl-{name}")
        self._jobs: list[_Job] = []
        self._closed = False
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a task is running or waiting."""
        return bool(self._jobs)

    def submit(self, task: Task, done: Done, failed: Failed) -> None:
        """Queue a task."""
        job = _Job(task, done, failed)
        self._jobs.append(job)
        if len(self._jobs) == 1:
            self.busy_changed.emit(True)
        job.future = self._executor.submit(self._run, job)
        job.future.add_done_callback(lambda _: self._announce(job))

    def cancel(self) -> None:
        """Stop the running task at its next safe place and drop those that wait."""
        for job in self._jobs:
            job.stop.set()

    def close(self) -> None:
        """Cancel everything and end the thread; nothing is delivered any more."""
        self._closed = True
        self.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def finish(self) -> None:
        """Let every queued task end (a write must not be lost), then end the thread."""
        self._closed = True
        self._executor.shutdown(wait=True)

    def _run(self, job: _Job) -> Any:
        last = 0.0

        def progress(done: int, total: int, message: str) -> None:
            nonlocal last
            if job.stop.is_set():
                raise Cancelled
            now = time.monotonic()
            if not self._closed and (done >= total or now - last >= _REPORT_EVERY_S):
                last = now
                self.progressed.emit(done, total, message)

        progress(0, 0, "")
        return job.task(progress)

    def _announce(self, job: _Job) -> None:
        if not self._closed:
            self._finished.emit(job)

    def _deliver(self, job: _Job) -> None:
        if self._closed or job.future is None:
            return
        self._jobs.remove(job)
        if job.future.cancelled():
            error: BaseException | None = Cancelled()
        else:
            error = job.future.exception()
        if error is None:
            job.done(job.future.result())
        else:
            if not isinstance(error, Cancelled):
                _LOG.debug("a background task failed", exc_info=error)
            job.failed(error)
        if not self._jobs:
            self.busy_changed.emit(False)
