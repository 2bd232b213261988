"""A job under torchrun is the job of one process with all their images a step."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from medssl.jobs import run_job
from medssl.runs import RunFolder, read_status
from tests.core.pretrain.cohorts import linked_stages

STEPS = 20


def losses(run: Path) -> list[float]:
    return [event["loss"] for event in RunFolder(run).events() if "loss" in event]


def test_two_processes_run_the_job_of_one(make_job: Callable[..., Path]) -> None:
    stages = {"stages": linked_stages()}
    one = make_job(steps=STEPS, precision="float32", recipe=stages | {"batch": 4})
    two = make_job(steps=STEPS, precision="float32", recipe=stages | {"batch": 2})
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--standalone", "-m", "medssl", "run", str(two)]
    ended = subprocess.run(
        command,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("done") <= 1, "both processes tell how far it is"
    run_job(one)
    assert read_status(two).state == read_status(one).state == "done"
    events = RunFolder(two).events()
    (running,) = (event for event in events if event.get("state") == "running")
    assert running["processes"] == 2
    assert len(losses(two)) == STEPS
    assert losses(two) == pytest.approx(losses(one), abs=1e-4)
    assert not (two / "pid").exists()
