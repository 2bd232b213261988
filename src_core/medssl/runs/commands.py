"""What a viewer or a command line does to a job: start, stop, pause, resume, kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from medssl.errors import FileRefusedError, SettingsError, StorageError
from medssl.runs.events import EVENTS_FILE
from medssl.runs.folder import RunFolder
from medssl.runs.guard import guarded
from medssl.runs.process import ProcessRecord, living
from medssl.runs.state import ACTIVE_STATES, ENDED_STATES
from medssl.runs.status import read_status

KILL_SECONDS = 5.0
LEAVE_SECONDS = 10.0
"""How long a process that has told its end is waited for."""
LOOK_SECONDS = 0.05


def start_job(folder: str | Path) -> int:
    """Start a job, or go on with it, in a process of its own that outlives this one.

    It leaves one core to the viewer and runs at low priority. A process that has told its end
    and is still leaving is waited for.

    Returns
    -------
    pid
        Number of the process.

    Raises
    ------
    FileRefusedError
        If the folder is no run.
    SettingsError
        If a process works on it already, or it is done.
    StorageError
        If the folder cannot be written.
    """
    run = _existing(folder)
    _let_leave(run)
    try:
        with guarded(run.path):
            _refuse_done(run)
            busy = _worker(run)
            if busy is not None:
                raise SettingsError(
                    f"{run.path}: process {busy.pid} is working on this run already."
                )
            process = _launch(run)
    except OSError as error:
        raise StorageError(
            f"{run.path}: the job cannot be started ({error.strerror or error}). "
            "Free some space, or choose a folder that you may write to."
        ) from error
    # What a child leaves is collected at once: a viewer may stay open for weeks.
    threading.Thread(target=process.wait, name=f"job {process.pid}", daemon=True).start()
    return process.pid


def stop_job(folder: str | Path) -> None:
    """Ask a job to save and leave; it does so within a step."""
    run = _existing(folder)
    if read_status(run.path).state in ACTIVE_STATES:
        run.ask("stop")


def pause_job(folder: str | Path) -> None:
    """Ask a job to save and wait; `resume_job` lets it go on."""
    run = _existing(folder)
    if read_status(run.path).state in ACTIVE_STATES:
        run.ask("pause")


def resume_job(folder: str | Path) -> None:
    """Let a paused job go on; start one again that stopped, failed or was lost.

    Raises
    ------
    SettingsError
        If it is done.
    """
    run = _existing(folder)
    _refuse_done(run)
    run.withdraw("pause")
    _let_leave(run)
    if _worker(run) is None:
        start_job(run.path)


def kill_job(folder: str | Path) -> bool:
    """End a job's processes at once; what it did since its last checkpoint is lost.

    Only a process that is for certain the job's is ended.

    Returns
    -------
    killed
        Whether there was one.
    """
    run = _existing(folder)
    records = [living(path) for path in (run.pid_file, run.launch_file)]
    processes = {
        process.pid: process
        for record in records
        if record is not None and (process := record.process()) is not None
    }
    processes.pop(os.getpid(), None)
    for process in list(processes.values()):
        try:
            processes |= {child.pid: child for child in process.children(recursive=True)}
        except psutil.Error:
            continue
    for process in processes.values():
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes.values(), timeout=KILL_SECONDS)
    if processes:
        run.event("log", level="warning", message="the process was killed on request")
    return bool(processes)


def _let_leave(run: RunFolder) -> None:
    """Wait for a process that has told its end: it takes a moment to let go of torch."""
    deadline = time.monotonic() + LEAVE_SECONDS
    while time.monotonic() < deadline and _worker(run) is not None:
        if read_status(run.path).state not in ENDED_STATES:
            return
        time.sleep(LOOK_SECONDS)


def _refuse_done(run: RunFolder) -> None:
    if read_status(run.path).state == "done":
        raise SettingsError(f"{run.path}: this run is done; there is nothing left to do.")


def _launch(run: RunFolder) -> subprocess.Popen[bytes]:
    run.withdraw("stop")
    run.withdraw("pause")
    run.state("queued", message="its process is starting")
    command = [sys.executable, "-P", "-m", "medssl", "run", str(run.path), "--background"]
    with run.stderr_log.open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=_environment(run.path),
            **_detached(),
        )
    ProcessRecord.of(process.pid).write(run.launch_file)
    return process


def _existing(folder: str | Path) -> RunFolder:
    run = RunFolder(folder)
    if not ((run.path / "job.json").is_file() or (run.path / EVENTS_FILE).is_file()):
        raise FileRefusedError(
            run.path, "this is no run folder", "`medssl runs` lists the runs that there are."
        )
    return run


def _worker(run: RunFolder) -> ProcessRecord | None:
    return living(run.pid_file) or living(run.launch_file)


def _environment(path: Path) -> dict[str, str]:
    threads = str(_threads(path))
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return os.environ | dict.fromkeys(names, threads) | {"OMP_WAIT_POLICY": "PASSIVE"}


def _threads(path: Path) -> int:
    """Threads that the request asks for, else all cores but one."""
    cores = len(psutil.Process().cpu_affinity() or ()) if hasattr(os, "sched_getaffinity") else 0
    most = max(1, (cores or os.cpu_count() or 1) - 1)
    try:
        wanted = json.loads((path / "job.json").read_text(encoding="utf-8"))["request"]["threads"]
    except (OSError, ValueError, KeyError, TypeError):
        return most
    return wanted if isinstance(wanted, int) and wanted > 0 else most


def _detached() -> dict[str, Any]:
    """How a child is cut loose: it has no terminal and no parent that it would die with."""
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags}
    return {"start_new_session": True}
