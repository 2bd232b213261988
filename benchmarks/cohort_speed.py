"""A cohort of 10,000 cases: seconds to open it, to see all cases, to sort and to filter them.

python benchmarks/cohort_speed.py [--cases 10000] [--landmarks 10] [--repeats 5]

Each case has a prediction of each landmark and a label; one in four has been reviewed by a person.
The fastest and the slowest of some repeats are shown, with processor seconds beside the wall time,
since other work on the machine counts in the latter.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from medssl.cohort import Cohort, NewCase, NewLabel, NewPoint
from medssl.cohort.overview import filter_cases, sort_cases
from medssl.geometry import Grid


def fill(cohort: Cohort, cases: int, landmarks: int) -> None:
    """Make a cohort in the middle of its review."""
    chance = random.Random(0)
    grid = Grid.create((256, 256), (0.5, 0.5))
    cohort.add_cases(
        [
            NewCase(
                f"films/{n:05d}.dcm", Path(f"/films/{n:05d}.dcm"), f"{n:032x}", grid,
                chance.choice(("DX", "CR")), patient_id=str(n // 2), study_id=str(n),
            )
            for n in range(cases)
        ]
    )  # fmt: skip
    names = [f"landmark {number}" for number in range(landmarks)]
    for name in names:
        cohort.add_landmark(name)
    keys = [f"films/{n:05d}.dcm" for n in range(cases)]
    cohort.set_points(
        [
            NewPoint(key, name, (9, 9), None, "predicted", chance.random(), "ld")
            for key in keys
            for name in names
        ]
    )
    cohort.set_points([NewPoint(k, n, (8, 8), None, "corrected") for k in keys[::4] for n in names])
    cohort.set_labels([NewLabel(key, "finding", chance.choice("abcde")) for key in keys])


def timed(name: str, work: Callable[[], object], repeats: int) -> None:
    """Print the fastest and the slowest of some runs."""
    walls, cpus = [], []
    for _ in range(repeats):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - start)
        cpus.append(time.process_time() - cpu)
    print(f"| {name} | {min(walls):.3f} | {max(walls):.3f} | {min(cpus):.3f} |", flush=True)


def main() -> None:
    """Fill, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10000)
    parser.add_argument("--landmarks", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        with Cohort.create(Path(place) / "speed") as cohort:
            folder = cohort.path
            fill(cohort, options.cases, options.landmarks)
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
        load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        print(f"{options.cases} cases, {options.landmarks} landmarks, {size:.0f} MB{load}")
        print("| what | fastest s | slowest s | processor s |")
        print("|---|---|---|---|")
        timed("open and close", lambda: Cohort.open(folder).close(), options.repeats)
        with Cohort.open(folder) as cohort:
            timed("read all cases at a glance", cohort.overview, options.repeats)
            cases = cohort.overview()
            sorts: dict[str, Callable[[], object]] = {
                "sort, least sure first": lambda: sort_cases(cases, "confidence"),
                "sort by name": lambda: sort_cases(cases, "name"),
                "sort by label": lambda: sort_cases(cases, "label", "finding"),
                "filter by state": lambda: filter_cases(cases, state="reviewed"),
                "filter by two words": lambda: filter_cases(cases, "cr 0123"),
                "filter by label": lambda: filter_cases(cases, label=("finding", "c")),
            }
            for name, work in sorts.items():
                timed(name, work, options.repeats)
            timed("set one point", lambda: _click(cohort), options.repeats)


def _click(cohort: Cohort) -> None:
    cohort.set_point("films/00001.dcm", "landmark 0", (7, 7), None, "manual")


if __name__ == "__main__":
    main()
