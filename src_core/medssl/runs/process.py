"""Records of processes on disk, and whether such a process still lives."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

FOREIGN_HEARTBEAT_SECONDS = 60.0
"""After this long without a heartbeat a process of another computer counts as gone."""
SAME_SECONDS = 1.0
SAME_SINCE_BOOT_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessRecord:
    """A process that nobody mistakes for a later one of the same number.

    Parameters
    ----------
    pid
        Its number.
    started
        When it was made, seconds since 1970.
    host
        Its computer.
    since_boot
        The same as `started`, seconds since the computer booted: it stays right when the clock
        is put right.
    """

    pid: int
    started: float
    host: str
    since_boot: float | None = None

    @classmethod
    def of(cls, pid: int | None = None) -> ProcessRecord:
        """Describe a process of this computer, by default this one."""
        process = psutil.Process(pid)
        started = process.create_time()
        return cls(process.pid, started, platform.node(), started - psutil.boot_time())

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this computer."""
        return self.host == platform.node()

    def process(self) -> psutil.Process | None:
        """Return the process if it lives on this computer."""
        if not self.is_here:
            return None
        try:
            process = psutil.Process(self.pid)
            alive = self._is(process.create_time()) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if alive else None

    def _is(self, started: float) -> bool:
        """Whether a process of this number that was made then is the one recorded."""
        if abs(started - self.started) < SAME_SECONDS:
            return True
        if self.since_boot is None:
            return False
        since_boot: float = started - psutil.boot_time()
        return abs(since_boot - self.since_boot) < SAME_SINCE_BOOT_SECONDS

    def write(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        partial.write_text(json.dumps(asdict(self)), encoding="utf-8")
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> ProcessRecord | None:
        """Read a record; None where there is none or it is damaged."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            known = int(values["pid"]), float(values["started"]), str(values["host"])
            since_boot = values.get("since_boot")
            return cls(*known, None if since_boot is None else float(since_boot))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def living(path: Path, now: float | None = None) -> ProcessRecord | None:
    """Read the record of a process that lives, as far as can be told from here.

    Parameters
    ----------
    path
        The record; its modification time is the heartbeat.
    now
        Seconds since 1970.
    """
    record = ProcessRecord.read(path)
    if record is None:
        return None
    if record.is_here:
        return record if record.process() is not None else None
    age = heartbeat_age(path, now)
    return record if age is not None and age < FOREIGN_HEARTBEAT_SECONDS else None


def heartbeat_age(path: Path, now: float | None = None) -> float | None:
    """Seconds since a record was touched; None where there is none."""
    try:
        return (time.time() if now is None else now) - path.stat().st_mtime
    except OSError:
        return None
