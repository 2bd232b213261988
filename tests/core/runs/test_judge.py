"""The state that is shown, over every transition, with a clock of its own."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from medssl.runs import ACTIVE_STATES, ENDED_STATES, judge, read_status
from medssl.runs.process import ProcessRecord
from medssl.runs.state import LAUNCH_SECONDS

ACTIVE, ENDED = sorted(ACTIVE_STATES), sorted(ENDED_STATES)


@dataclass
class Clock:
    """Time that passes when told."""

    now: float = 1_000_000.0


class Teller:
    """Writes events at the clock's time, as a job would, and plays its process."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self.clock = folder, clock

    def tell(self, kind: str, **values: object) -> None:
        with (self.folder / "events.jsonl").open("a") as file:
            file.write(json.dumps({"t": self.clock.now, "kind": kind, **values}) + "\n")

    def state(self, state: str) -> None:
        self.tell("state", state=state)

    def live(self) -> None:
        ProcessRecord.of().write(self.folder / "pid")

    def live_elsewhere(self) -> None:
        ProcessRecord(1, 1.0, "another computer").write(self.folder / "pid")
        self.beat()

    def beat(self) -> None:
        os.utime(self.folder / "pid", (self.clock.now, self.clock.now))

    def die(self) -> None:
        ProcessRecord(os.getpid(), 1.0, ProcessRecord.of().host).write(self.folder / "pid")

    def leave(self) -> None:
        (self.folder / "pid").unlink()

    @property
    def shown(self) -> str:
        return read_status(self.folder, self.clock.now).state


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def job(tmp_path: Path, clock: Clock) -> Teller:
    return Teller(tmp_path, clock)


@pytest.mark.parametrize(("last", "alive"), list(itertools.product(ACTIVE, [True, False])))
def test_active_states_need_a_process(last: str, alive: bool) -> None:
    assert judge(last, alive, 1000.0) == (last if alive else "lost")


@pytest.mark.parametrize(("last", "alive"), list(itertools.product(ENDED, [True, False])))
def test_ended_states_stay(last: str, alive: bool) -> None:
    assert judge(last, alive, 0.0) == last


def test_a_job_that_was_just_asked_for_may_still_come() -> None:
    assert judge("queued", False, LAUNCH_SECONDS / 2) == "queued"
    assert judge("queued", False, LAUNCH_SECONDS * 2) == "lost"
    assert judge(None, False, LAUNCH_SECONDS / 2) == "queued"
    assert judge(None, True, LAUNCH_SECONDS * 2) == "queued"
    assert judge("running", False, 0.0) == "lost"


TRANSITIONS = [
    ("queued", "starting"),
    ("queued", "stopped"),
    ("starting", "queued"),
    ("starting", "running"),
    ("starting", "stopped"),
    ("starting", "failed"),
    ("running", "paused"),
    ("running", "stopping"),
    ("running", "done"),
    ("running", "failed"),
    ("paused", "running"),
    ("paused", "stopping"),
    ("stopping", "stopped"),
    ("stopping", "failed"),
    ("stopped", "queued"),
    ("failed", "queued"),
]


@pytest.mark.parametrize(("before", "after"), TRANSITIONS)
def test_every_transition_is_shown_at_once(
    job: Teller, clock: Clock, before: str, after: str
) -> None:
    job.live()
    job.state(before)
    assert job.shown == before
    clock.now += 60
    job.state(after)
    assert job.shown == after
    job.die()
    clock.now += 60
    assert job.shown == (after if after in ENDED_STATES else "lost")


def test_a_night_of_a_run(job: Teller, clock: Clock) -> None:
    job.state("queued")
    assert job.shown == "queued"
    clock.now += 3
    job.live()
    job.state("starting")
    job.state("running")
    clock.now += 3600
    job.tell("metric", step=500, steps=900, stage="dense", loss=1.0)
    status = read_status(job.folder, clock.now + 30)
    assert (status.state, status.step, status.steps, status.stage) == ("running", 500, 900, "dense")
    assert status.since == clock.now
    job.state("paused")
    assert job.shown == "paused"
    job.die()
    assert job.shown == "lost"
    assert "Resume" in read_status(job.folder, clock.now).message
    job.state("queued")
    assert job.shown == "queued"
    job.live()
    job.state("done")
    job.leave()
    clock.now += 1e6
    assert job.shown == "done"


def test_a_process_of_another_computer_shows_by_its_heartbeat(job: Teller, clock: Clock) -> None:
    job.live_elsewhere()
    job.state("running")
    clock.now += 59
    assert job.shown == "running"
    clock.now += 2
    assert job.shown == "lost"
    job.beat()
    assert job.shown == "running"


def test_a_started_process_counts_before_it_has_the_lock(job: Teller, clock: Clock) -> None:
    job.state("queued")
    ProcessRecord.of().write(job.folder / "launched")
    clock.now += 100
    assert job.shown == "queued"


def test_a_process_is_known_again_after_the_clock_was_put_right(job: Teller) -> None:
    """The system tells the start of a process by its clock as it is now."""
    own = ProcessRecord.of()
    job.state("running")
    replace(own, started=own.started - 3600).write(job.folder / "pid")
    assert job.shown == "running"
    replace(own, started=own.started - 3600, since_boot=None).write(job.folder / "pid")
    assert job.shown == "lost"


def test_metrics_mean_running(job: Teller) -> None:
    """However far back the state was told."""
    job.live()
    job.state("starting")
    for step in range(2000):
        job.tell("metric", step=step, steps=2000, loss=1.0)
    assert job.shown == "running"


def test_a_long_log_does_not_hide_the_state(job: Teller) -> None:
    job.live()
    job.state("paused")
    for _ in range(3000):
        job.tell("log", message="a line that is neither short nor long, again and again")
    assert job.shown == "paused"


def test_what_failed_is_told_with_its_remedy(job: Teller) -> None:
    job.tell("error", message="the disk is full.", remedy="Free some space.")
    job.state("failed")
    assert read_status(job.folder).message == "the disk is full. Free some space."


def test_the_last_words_of_a_lost_process_are_told(job: Teller, clock: Clock) -> None:
    job.state("running")
    (job.folder / "stderr.log").write_text("line\nTerminated by nobody\n\n")
    assert "Terminated by nobody" in read_status(job.folder, clock.now).message


def test_a_process_that_is_killed_is_lost(job: Teller) -> None:
    """With a real one, and while nobody has collected it."""
    code = (
        "import sys, time; from medssl.runs import RunFolder\n"
        "with RunFolder(sys.argv[1]) as run:\n"
        "    run.state('running'); print('ready', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(job.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        status = read_status(job.folder)
        assert (status.state, status.pid) == ("running", process.pid)
        process.kill()
        deadline = time.monotonic() + 10
        while read_status(job.folder).state == "running" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert read_status(job.folder).state == "lost"


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1}', "[]", '{"pid":"x","started":0}'])
def test_a_damaged_record_is_no_process(job: Teller, content: str) -> None:
    job.state("running")
    (job.folder / "pid").write_text(content)
    assert job.shown == "lost"


def test_a_folder_that_is_not_there_is_lost(tmp_path: Path) -> None:
    assert read_status(tmp_path / "nowhere").state == "lost"
