"""A job that is killed at a random step ends bit-equal to one that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medssl.jobs import run_job
from medssl.pretrain import PretrainSettings
from medssl.runs import RunFolder, read_status
from tests.core.pretrain.cohorts import tiny_settings
from tests.core.pretrain.dira import dira_settings
from tests.core.pretrain.test_clusters import clustered

SCRIPT = Path(__file__).with_name("killed_job.py")
STEPS = 8


def kill_at(folder: Path, step: int) -> None:
    command = [sys.executable, str(SCRIPT), str(folder), str(step)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def assert_bit_equal(folder: Path, other: Path) -> None:
    for part in ("model/model.safetensors", "checkpoints/last/state.safetensors"):
        mine, its = load_file(folder / part), load_file(other / part)
        assert mine.keys() == its.keys()
        assert all(torch.equal(mine[name], its[name]) for name in mine)


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        (tiny_settings(steps=STEPS, seed=3), range(1, STEPS)),
        (tiny_settings("grid", steps=STEPS, seed=3), range(1, STEPS)),
        (clustered(steps=STEPS, seed=3), range(STEPS // 2, STEPS)),
        (clustered("grid", steps=STEPS, seed=3), range(STEPS // 2, STEPS)),
        (dira_settings("words", steps=STEPS, seed=3), range(1, STEPS)),
    ],
    ids=["dense", "grid", "dense, second stage", "grid, second stage", "visual words"],
)
def test_killed_and_resumed_ends_bit_equal(
    make_job: Callable[..., Path], settings: PretrainSettings, steps: range
) -> None:
    step = random.SystemRandom().choice(steps)
    whole, killed = make_job(settings=settings), make_job(settings=settings)
    kill_at(killed, step)
    assert read_status(killed).state == "lost"
    assert not (killed / "model").exists()
    run_job(killed)
    run_job(whole)
    running = [e["step"] for e in RunFolder(killed).events() if e.get("state") == "running"]
    assert running == [0, step]
    assert_bit_equal(killed, whole)
