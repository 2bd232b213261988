"""The run folder: the request, its events, checkpoints, and the requests to stop or pause."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from medssl.errors import ModelError, SettingsError, StorageError
from medssl.runs.events import EVENTS_FILE, read_events
from medssl.runs.guard import guarded
from medssl.runs.process import ProcessRecord, living
from medssl.runs.state import State

HEARTBEAT_SECONDS = 1.0
RESERVED_BYTES = 1 << 16
Request = Literal["stop", "pause"]


class RunFolder:
    """A run on disk. As a context manager it holds the run's lock and keeps its heartbeat.

    Parameters
    ----------
    path
        The folder; made when the lock is taken.
    writes
        False in all processes but the first: nothing is written then.
    on_event
        Told of each event that is written.
    """

    def __init__(
        self,
        path: str | Path,
        writes: bool = True,
        on_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.path = Path(path)
        self.writes = writes
        self._on_event = on_event
        self._stop_beating = threading.Event()
        self._heart: threading.Thread | None = None

    @property
    def model(self) -> Path:
        """Model folder."""
        return self.path / "model"

    @property
    def last(self) -> Path:
        """Folder of the last checkpoint."""
        return self.path / "checkpoints" / "last"

    @property
    def best(self) -> Path:
        """Folder of the best checkpoint on held-out images."""
        return self.path / "checkpoints" / "best"

    @property
    def previews(self) -> Path:
        """Folder of what a viewer may show while the run goes on."""
        return self.path / "previews"

    @property
    def pid_file(self) -> Path:
        """Record of the process that works on the run; touched as its heartbeat."""
        return self.path / "pid"

    @property
    def launch_file(self) -> Path:
        """Record of the process that was started for the run."""
        return self.path / "launched"

    @property
    def stderr_log(self) -> Path:
        """What a background process said."""
        return self.path / "stderr.log"

    def __enter__(self) -> RunFolder:
        if self.writes:
            self._lock()
            self._stop_beating.clear()
            self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
            self._heart.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._heart is not None:
            self._stop_beating.set()
            self._heart.join()
            self._heart = None
            for path in (self.pid_file, self._reserve):
                path.unlink(missing_ok=True)

    def holder(self) -> ProcessRecord | None:
        """Return the living process that works on the run."""
        return living(self.pid_file)

    def read_job(self) -> dict[str, Any] | None:
        """Return the stored request, or None in a new run.

        Raises
        ------
        ModelError
            If it is damaged.
        """
        path = self.path / "job.json"
        if not path.is_file():
            return None
        try:
            job = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(
                f"{path}: the run's request is damaged ({error}). Name another run folder."
            ) from error
        if not isinstance(job, dict):
            raise ModelError(f"{path}: this is no request of a run. Name another run folder.")
        return job

    def write_job(self, job: dict[str, Any]) -> None:
        """Store the request, whole or not at all."""
        if not self.writes:
            return
        partial = self.path / ".job.json.part"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(job, indent=2) + "\n", encoding="utf-8")
            partial.replace(self.path / "job.json")
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise _unwritable(self.path, error) from error

    def event(self, kind: str, **values: Any) -> None:
        """Append one line to ``events.jsonl``."""
        if not self.writes:
            return
        event = {"t": round(time.time(), 3), "kind": kind, **values}
        try:
            self._append(json.dumps(event) + "\n")
        except OSError as error:
            raise _unwritable(self.path, error) from error
        if self._on_event is not None:
            self._on_event(event)

    def state(self, state: State, **values: Any) -> None:
        """Tell a change of state."""
        self.event("state", state=state, **values)

    def events(self) -> list[dict[str, Any]]:
        """Read all whole events; a torn last line is left out."""
        return read_events(self.path)

    def last_words(self, message: str, remedy: str = "") -> None:
        """Tell that the run failed, also on a full disk: what was reserved is freed for it."""
        if not self.writes:
            return
        self._reserve.unlink(missing_ok=True)
        self.event("error", message=message, remedy=remedy)
        self.state("failed")

    def asked(self, request: Request) -> bool:
        """Whether a file in ``control`` asks to stop or to pause."""
        return (self.path / "control" / request).exists()

    def ask(self, request: Request) -> None:
        """Ask the process that works on the run to stop, or to pause until it is withdrawn."""
        try:
            (self.path / "control").mkdir(parents=True, exist_ok=True)
            (self.path / "control" / request).touch()
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def withdraw(self, request: Request) -> None:
        """Take a request back."""
        if self.writes:
            (self.path / "control" / request).unlink(missing_ok=True)

    def forget_old_requests(self) -> None:
        """Take back what was asked of an earlier process, before this one was made."""
        if not self.writes:
            return
        made = ProcessRecord.of().started
        for request in ("stop", "pause"):
            path = self.path / "control" / request
            if path.exists() and path.stat().st_mtime < made:
                path.unlink(missing_ok=True)

    @property
    def _reserve(self) -> Path:
        return self.path / ".reserve"

    def _append(self, line: str) -> None:
        """Append a whole line; one that a kill or a full disk tore is ended first."""
        with (self.path / EVENTS_FILE).open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            torn = False
            if size:
                file.seek(size - 1)
                torn = file.read(1) != b"\n"
            file.write((b"\n" if torn else b"") + line.encode())

    def _lock(self) -> None:
        try:
            (self.path / "control").mkdir(parents=True, exist_ok=True)
            with guarded(self.path):
                holder = self.holder()
                if holder is not None:
                    where = "" if holder.is_here else f" on {holder.host}"
                    raise SettingsError(
                        f"{self.path}: process {holder.pid}{where} is working on this run. "
                        "Wait for it, stop it, or name another run folder."
                    )
                ProcessRecord.of().write(self.pid_file)
            try:
                self._reserve.write_bytes(b"\0" * RESERVED_BYTES)
            except OSError:
                self.pid_file.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _beat(self) -> None:
        while not self._stop_beating.wait(HEARTBEAT_SECONDS):
            try:
                os.utime(self.pid_file)
            except OSError:
                return


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path}: the run folder cannot be written ({error.strerror or error}). "
        "Free some space or choose a folder that you may write to."
    )
