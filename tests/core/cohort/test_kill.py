"""A click that was accepted is on the disk, even when the program is killed the moment after."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medssl.cohort import DATABASE, Cohort, NewCase
from medssl.cohort.connections import BUSY_SECONDS
from medssl.geometry import Grid

CLICKS = 50
KILLS = 20
DRIVER = """
import os, sys
from medssl.cohort import Cohort
cohort = Cohort.open(sys.argv[1])
for number in range(int(sys.argv[2])):
    cohort.set_point(str(number), "carina", (number, 2 * number), None, "manual")
    os.write(1, b"%d\\n" % number)  # at once or not at all
"""
FORKING = """
import os, sys
from medssl.cohort import Cohort
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        with Cohort.open(sys.argv[1]) as cohort:
            first = len(cohort.points(kind="human"))
            os.write(1, b"%d\\n" % os.getpid())
            for number in range(first, int(sys.argv[2])):
                cohort.set_point(str(number), "carina", (number, 2 * number), None, "manual")
                os.write(1, b"%d\\n" % number)  # at once or not at all
        os._exit(0)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


def _cohort(folder: Path, cases: int) -> Path:
    with Cohort.create(folder) as cohort:
        grid = Grid.create((cases * 3, cases * 3))
        cohort.add_cases([NewCase(str(n), Path(f"/{n}"), "f", grid) for n in range(cases)])
        cohort.add_landmark("carina")
    return cohort.path


@pytest.mark.parametrize("seed", range(4))
def test_no_accepted_click_is_lost_when_the_program_is_killed(tmp_path: Path, seed: int) -> None:
    path = _cohort(tmp_path / "chest", CLICKS)
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(path), str(CLICKS)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert driver.stdout is not None
    wanted = random.Random(seed).randrange(1, CLICKS)
    accepted = [int(driver.stdout.readline()) for _ in range(wanted)]
    driver.kill()
    accepted += [int(line) for line in driver.stdout.read().splitlines() if line]
    driver.wait()
    with Cohort.open(path) as again:
        stored = {p.case_key: p.point_vox for p in again.points(kind="human")}
        for number in accepted:
            assert stored[str(number)] == (number, 2 * number)
        assert len(stored) in (len(accepted), len(accepted) + 1)
        again.undo()
        assert len(again.points()) == len(stored) - 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks, which Windows cannot")
def test_kills_one_after_the_other_lose_nothing(tmp_path: Path) -> None:
    cases = 10 * KILLS
    path = _cohort(tmp_path / "chest", cases)
    driver = subprocess.Popen(
        [sys.executable, "-c", FORKING, str(path), str(cases)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert driver.stdin is not None
    assert driver.stdout is not None
    chance = random.Random(1)
    accepted: set[int] = set()
    for _ in range(KILLS):
        driver.stdin.write("go\n")
        driver.stdin.flush()
        child = int(driver.stdout.readline())
        accepted |= {int(driver.stdout.readline()) for _ in range(chance.randrange(1, 8))}
        time.sleep(chance.uniform(0, 0.003))
        os.kill(child, signal.SIGKILL)
        while (line := driver.stdout.readline().strip()) != "ended":
            accepted.add(int(line))
    driver.stdin.close()
    driver.wait()
    with Cohort.open(path) as again:
        assert again.loss is None
        assert again.integrity() == []
        stored = {int(p.case_key): p.point_vox for p in again.points(kind="human")}
    assert accepted <= set(stored)
    assert len(stored) <= len(accepted) + KILLS
    assert all(place == (number, 2 * number) for number, place in stored.items())


@pytest.mark.parametrize("seed", range(12))
def test_a_cut_log_opens_with_the_first_commits_and_says_so(tmp_path: Path, seed: int) -> None:
    path = _cohort(tmp_path / "chest", 1)
    cut = tmp_path / "cut.medssl"
    with Cohort.open(path) as cohort:
        for number in range(CLICKS):
            cohort.set_point("0", "carina", (number, 1), None, "manual")
        shutil.copytree(path, cut, ignore=shutil.ignore_patterns("*-shm"))
    log = cut / f"{DATABASE}-wal"
    size = log.stat().st_size
    with log.open("rb+") as file:
        file.truncate([0, 32, size][seed] if seed < 3 else random.Random(seed).randrange(size))
    with Cohort.open(cut) as again:
        assert again.integrity() == []
        kept = _clicks(again)
        points = again.points()
        assert [p.point_vox for p in points] == ([(kept - 1.0, 1.0)] if kept else [])
        lost = CLICKS - kept
        if lost:
            assert again.loss is not None
            said = "the last change is" if lost == 1 else f"the last {lost} changes are"
            assert said in again.loss
        else:
            assert again.loss is None
        for number in reversed(range(kept)):
            assert again.points()[0].point_vox == (number, 1)
            assert again.undo() == "place carina in 0"
        assert again.points() == []
    with Cohort.open(cut) as told:
        assert told.loss is None


def _clicks(cohort: Cohort) -> int:
    connection = sqlite3.connect(cohort.path / DATABASE)
    query = "SELECT count(*) FROM journal WHERE text = 'place carina in 0'"
    (count,) = connection.execute(query).fetchone()
    connection.close()
    return int(count)


WRITER = """
import sys, time
from medssl.cohort import Cohort, NewPoint
with Cohort.open(sys.argv[1]) as cohort:
    end = time.monotonic() + 3
    print("writing", flush=True)
    while time.monotonic() < end:
        cohort.set_points([
            NewPoint(str(n), "carina", (n, n), None, "predicted", 0.5) for n in range(200)
        ])
        time.sleep(0.02)  # the next image is computed
"""


def test_a_job_that_writes_holds_the_viewer_up_for_a_moment_only(tmp_path: Path) -> None:
    path = _cohort(tmp_path / "chest", 200)
    job = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert job.stdout is not None
    assert job.stdout.readline() == "writing\n"
    waits = []
    with Cohort.open(path) as viewer:
        number = 0
        while job.poll() is None:
            start = time.perf_counter()
            viewer.set_point(str(number % 200), "carina", (number % 90, 1), None, "corrected")
            assert len(viewer.points(kind="predicted")) in (0, 200)
            waits.append(time.perf_counter() - start)
            number += 1
        assert len(viewer.points(kind="human")) == min(200, number)
    assert job.returncode == 0
    assert number > 3
    assert max(waits) < BUSY_SECONDS, "a click waited for the job"
