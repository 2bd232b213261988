"""Kill a program that sets points in a cohort again and again, and see what is lost.

python benchmarks/cohort_kills.py [--kills 1000] [--seed 0]

Each time a process opens the cohort, sets points and says so for each; at a random moment it gets
SIGKILL. A point that it said is set must be there, the database must be whole, and the cohort must
not report a loss. Needs a system that can fork: Linux or macOS.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from pathlib import Path

from medssl.cohort import Cohort, NewCase
from medssl.geometry import Grid

CASES = 500
LANDMARKS = 40


def set_points(folder: Path, pipe: int) -> None:
    """Set one point after the other, from where the cohort is, and say so in the pipe."""
    with Cohort.open(folder) as cohort:
        for number in range(len(cohort.points(kind="human")), CASES * LANDMARKS):
            case, landmark = number % CASES, number // CASES
            place = (float(number % 97), float(number % 89))
            cohort.set_point(str(case), str(landmark), place, None, "manual")
            os.write(pipe, b"%d\n" % number)


def kill_once(folder: Path, chance: random.Random) -> list[int]:
    """Start the program, kill it, and return the points that it said were set.

    One time in four it is killed while it opens the cohort, else while it sets points.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        set_points(folder, writing)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        first = said.readline() if chance.random() < 0.75 else b""
        time.sleep(chance.uniform(0.0, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [int(line) for line in (first + said.read()).splitlines()]


def main() -> None:
    """Kill, look, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    accepted: set[int] = set()
    while_opening = 0
    with tempfile.TemporaryDirectory() as place:
        with Cohort.create(Path(place) / "kills") as cohort:
            folder = cohort.path
            grid = Grid.create((100, 100))
            cohort.add_cases([NewCase(str(n), Path("/x"), str(n), grid) for n in range(CASES)])
            for number in range(LANDMARKS):
                cohort.add_landmark(str(number))
        for number in range(1, options.kills + 1):
            said = kill_once(folder, chance)
            while_opening += not said
            accepted |= set(said)
            with Cohort.open(folder) as cohort:
                assert cohort.integrity() == [], "the database is damaged"
                assert cohort.loss is None, cohort.loss
                stored = {
                    (int(p.landmark) * CASES + int(p.case_key)): p.point_vox
                    for p in cohort.points(kind="human")
                }
            lost = accepted - set(stored)
            assert not lost, f"lost: {sorted(lost)}"
            wrong = [n for n, vox in stored.items() if vox != (float(n % 97), float(n % 89))]
            assert not wrong, f"wrong: {wrong}"
            if number % 50 == 0:
                print(f"{number} kills, {len(accepted)} points accepted, none lost", flush=True)
    print(f"{options.kills} kills ({while_opening} of them before the first point was accepted):")
    print(f"{len(accepted)} points accepted, none lost, each database whole")


if __name__ == "__main__":
    main()
