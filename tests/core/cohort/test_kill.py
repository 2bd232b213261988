"""A click that was accepted is on the disk, even when the program is killed the moment after."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from medssl.cohort import Cohort
from medssl.geometry import Grid

CLICKS = 50
DRIVER = """
import sys
from medssl.cohort import Cohort
cohort = Cohort.open(sys.argv[1])
for number in range(int(sys.argv[2])):
    cohort.set_point(str(number), "carina", (number, 2 * number), None, "manual")
    print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_no_accepted_click_is_lost_when_the_program_is_killed(tmp_path: Path, seed: int) -> None:
    with Cohort.create(tmp_path / "chest") as cohort:
        for number in range(CLICKS):
            cohort.add_case(str(number), f"/{number}", "f", Grid.create((100, 100)))
        cohort.add_landmark("carina")
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(cohort.path), str(CLICKS)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert driver.stdout is not None
    wanted = random.Random(seed).randrange(1, CLICKS)
    accepted = [int(driver.stdout.readline()) for _ in range(wanted)]
    driver.kill()
    accepted += [int(line) for line in driver.stdout.read().splitlines() if line]
    driver.wait()
    with Cohort.open(cohort.path) as again:
        stored = {p.case_key: p.point_vox for p in again.points(kind="human")}
        for number in accepted:
            assert stored[str(number)] == (number, 2 * number)
        assert len(stored) in (len(accepted), len(accepted) + 1)
        again.undo()
        assert len(again.points()) == len(stored) - 1
