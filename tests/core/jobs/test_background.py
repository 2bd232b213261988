"""Jobs in processes of their own: started, paused, stopped, killed, resumed from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from medssl.errors import FileRefusedError, SettingsError
from medssl.runs import (
    ACTIVE_STATES,
    EventReader,
    RunFolder,
    kill_job,
    pause_job,
    read_status,
    resume_job,
    start_job,
    stop_job,
)
from medssl.runs.process import ProcessRecord

PATIENCE = 90.0
LONG = 100_000


@pytest.fixture
def job(make_job: Callable[..., Path]) -> Iterator[Path]:
    """A training that ends only when it is told to."""
    folder = make_job(steps=LONG)
    yield folder
    kill_job(folder)


def wait_for(folder: Path, *states: str, step: int = 0) -> None:
    """Follow the events until a state, and a step, are reached."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = read_status(folder)
        if status.state in states and status.step >= step:
            return
        assert status.state in ACTIVE_STATES, status
        time.sleep(0.02)
    raise AssertionError(read_status(folder))


def test_a_job_in_the_background_obeys(job: Path) -> None:
    """Start, pause, resume, stop and resume: one process is enough for all of them."""
    pid = start_job(job)
    assert read_status(job).state in ("queued", "starting")
    with pytest.raises(SettingsError, match="is working on this run already"):
        start_job(job)
    wait_for(job, "running", step=1)
    assert read_status(job).pid == pid
    process = psutil.Process(pid)
    assert process.nice() == max(10, os.nice(0))
    assert os.getsid(pid) == pid
    environment = process.environ()
    assert (environment["OMP_NUM_THREADS"], environment["OMP_WAIT_POLICY"]) == ("1", "PASSIVE")
    pause_job(job)
    wait_for(job, "paused")
    resume_job(job)
    wait_for(job, "running")
    stop_job(job)
    wait_for(job, "stopped")
    resume_job(job)  # at once, while the process of before still leaves
    wait_for(job, "running")
    process = psutil.Process(read_status(job).pid)
    assert process.pid != pid
    begun = time.monotonic()
    stop_job(job)
    wait_for(job, "stopped")
    process.wait(PATIENCE)
    assert time.monotonic() - begun < 20
    status = read_status(job)
    assert (status.state, status.steps) == ("stopped", LONG)
    assert (job / "checkpoints" / "last" / "state.safetensors").is_file()


def test_a_killed_job_is_lost_and_resumes(job: Path) -> None:
    assert not kill_job(job)
    pid = start_job(job)
    wait_for(job, "running", step=1)
    assert kill_job(job)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    status = read_status(job)
    assert status.state == "lost"
    assert "Resume it" in status.message
    resume_job(job)
    wait_for(job, "running")


def test_the_one_who_started_it_may_leave(job: Path) -> None:
    code = "import sys; from medssl.runs import start_job; print(start_job(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wait_for(job, "starting", "running")
    assert read_status(job).pid == int(done.stdout)


def test_two_viewers_on_one_run(job: Path) -> None:
    """Both press Start at once: one process; both see the same; one stops it, both know."""
    with ThreadPoolExecutor(2) as viewers:
        pressed = [viewers.submit(start_job, job) for _ in range(2)]
    refused = [type(one.exception()) for one in pressed if one.exception()]
    assert refused == [SettingsError]
    wait_for(job, "running", step=1)
    readers = EventReader(job), EventReader(job)
    stop_job(job)
    stop_job(job)
    wait_for(job, "stopped")
    assert readers[0].read() == readers[1].read()
    assert RunFolder(job).events()[-1]["state"] == "stopped"


def test_only_the_jobs_own_process_is_killed(tmp_path: Path) -> None:
    """The number in an old record may be another process by now."""
    run = RunFolder(tmp_path)
    run.state("running")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        record = ProcessRecord.of(stranger.pid)
        ProcessRecord(record.pid, record.started - 100, record.host).write(run.pid_file)
        assert not kill_job(tmp_path)
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_a_job_that_cannot_be_done_says_so(make_job: Callable[..., Path]) -> None:
    folder = make_job()
    (folder / "job.json").write_text("{nonsense")
    start_job(folder)
    wait_for(folder, "failed")
    assert "Put job.json back" in read_status(folder).message
    events = EventReader(folder).read()
    assert events[-1]["state"] == "failed"


@pytest.mark.parametrize("command", [start_job, resume_job])
def test_what_is_done_is_not_started_again(
    tmp_path: Path, command: Callable[[Path], object]
) -> None:
    RunFolder(tmp_path).state("done")
    with pytest.raises(SettingsError, match="is done"):
        command(tmp_path)
    assert read_status(tmp_path).state == "done"


def test_stopping_what_does_not_run_changes_nothing(tmp_path: Path) -> None:
    RunFolder(tmp_path).state("stopped")
    stop_job(tmp_path)
    pause_job(tmp_path)
    assert not (tmp_path / "control").exists()


@pytest.mark.parametrize("command", [start_job, stop_job, pause_job, resume_job, kill_job])
def test_a_folder_that_is_no_run_is_refused(
    tmp_path: Path, command: Callable[[Path], object]
) -> None:
    with pytest.raises(FileRefusedError):
        command(tmp_path)
    assert not list(tmp_path.iterdir())
