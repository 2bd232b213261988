"""The run folder: the request, its events, checkpoints, and the requests to stop or pause."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import psutil

from medssl.errors import ModelError, SettingsError, StorageError

State = Literal["starting", "running", "paused", "stopping", "stopped", "done", "failed"]
HEARTBEAT_SECONDS = 1.0


class RunFolder:
    """A run on disk. As a context manager it holds the run's lock and keeps its heartbeat.

    Parameters
    ----------
    path
        The folder; made when the lock is taken.
    writes
        False in all processes but the first: nothing is written then.
    """

    def __init__(self, path: str | Path, writes: bool = True) -> None:
        self.path = Path(path)
        self.writes = writes
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

    def __enter__(self) -> RunFolder:
        if self.writes:
            self._lock()
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
            (self.path / "pid").unlink(missing_ok=True)

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
            partial.write_text(json.dumps(job, indent=2) + "\n", encoding="utf-8")
            partial.replace(self.path / "job.json")
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def event(self, kind: str, **values: Any) -> None:
        """Append one line to ``events.jsonl``."""
        if not self.writes:
            return
        line = json.dumps({"t": round(time.time(), 3), "kind": kind, **values}) + "\n"
        try:
            with (self.path / "events.jsonl").open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def state(self, state: State, **values: Any) -> None:
        """Tell a change of state."""
        self.event("state", state=state, **values)

    def events(self) -> list[dict[str, Any]]:
        """Read all whole events; a torn last line is left out."""
        path = self.path / "events.jsonl"
        if not path.is_file():
            return []
        found = []
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def asked(self, request: Literal["stop", "pause"]) -> bool:
        """Whether a file in ``control`` asks to stop or to pause."""
        return (self.path / "control" / request).exists()

    def clear_stop(self) -> None:
        """Take back a request to stop that an earlier process obeyed."""
        if self.writes:
            (self.path / "control" / "stop").unlink(missing_ok=True)

    def _lock(self) -> None:
        own = psutil.Process()
        record = json.dumps({"pid": own.pid, "started": own.create_time()})
        path = self.path / "pid"
        try:
            (self.path / "control").mkdir(parents=True, exist_ok=True)
            holder = _holder(path)
            if holder is not None:
                raise SettingsError(
                    f"{self.path}: process {holder} is working on this run. "
                    "Wait for it, stop it, or name another run folder."
                )
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(record)
        except FileExistsError as error:
            raise SettingsError(f"{self.path}: another process has just taken this run.") from error
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _beat(self) -> None:
        while not self._stop_beating.wait(HEARTBEAT_SECONDS):
            try:
                (self.path / "pid").touch()
            except OSError:
                return


def _holder(path: Path) -> int | None:
    """Process that holds the lock, if it still runs."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        process = psutil.Process(int(record["pid"]))
        alive = abs(process.create_time() - float(record["started"])) < 1.0
        ended = process.status() == psutil.STATUS_ZOMBIE
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return int(record["pid"]) if alive and not ended else None


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path}: the run folder cannot be written ({error.strerror or error}). "
        "Free some space or choose a folder that you may write to."
    )
