"""Seconds from a request to stop until a background job has saved and left.

python benchmarks/stop.py

Real jobs of the quick preset on phantoms, asked in each of their phases.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import psutil

from medssl.jobs import PretrainRequest, create_job
from medssl.phantom import write_cohort
from medssl.pretrain import make_settings
from medssl.runs import RunFolder, kill_job, read_events, read_status, start_job, stop_job

PHASES = {
    "preparing": ("progress", "Preparing"),
    "linking": ("progress", "describing"),
    "compiling": ("progress", "first steps"),
    "learning": ("metric", ""),
    "learning, compiled": ("metric", ""),
}


def wait_for(run: RunFolder, phase: str) -> None:
    """Wait until the job has told that it is in a phase."""
    kind, words = PHASES[phase]
    while True:
        events = read_events(run.path)
        if any(e["kind"] == kind and words in e.get("message", "") for e in events):
            return
        if read_status(run.path).state in ("done", "failed", "lost"):
            raise SystemExit(f"{phase}: {read_status(run.path)}")
        time.sleep(0.01)


def step_seconds(run: RunFolder) -> float:
    """Return the seconds a step took, over the run."""
    metrics = [e for e in read_events(run.path) if e["kind"] == "metric" and "seconds" in e]
    return metrics[-1]["seconds"] / metrics[-1]["step"] if metrics else 0.0


def measure(films: Path, phase: str) -> None:
    """Start a job, stop it in a phase, report."""
    compiled = "compil" in phase
    steps = 8 if phase == "linking" else 2000
    settings = make_settings(steps=steps, device="cpu", compile="on" if compiled else "off")
    run = RunFolder(create_job(PretrainRequest(images=(str(films),), settings=settings)))
    process = psutil.Process(start_job(run.path))
    try:
        wait_for(run, phase)
        if phase == "compiling":
            time.sleep(5.0)
        begun = time.perf_counter()
        stop_job(run.path)
        process.wait(120)
        seconds = time.perf_counter() - begun
        status = read_status(run.path)
    finally:
        kill_job(run.path)
    step = f", a step {step_seconds(run):.2f} s" if phase.startswith("learning") else ""
    print(f"{phase:20s} {seconds:5.2f} s to {status.state} at step {status.step}{step}", flush=True)


def main() -> None:
    """Measure all phases."""
    with tempfile.TemporaryDirectory() as place:
        for number, phase in enumerate(PHASES):
            os.environ["MEDSSL_RUNS"] = f"{place}/runs"
            os.environ["MEDSSL_CACHE"] = f"{place}/cache"
            films = Path(place) / "films"
            if number == 0:
                write_cohort(films, 24)
            measure(films / "images", phase)


if __name__ == "__main__":
    main()
