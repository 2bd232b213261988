"""Two processes on a processor learn what one with a batch twice as large does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from medssl.runs import RunFolder

SCRIPT = Path(__file__).with_name("one_of_several.py")
TRAININGS = ("dense", "across", "regions", "grid", "grid-regions", "volumes")
TRAININGS += ("dira-moco", "dira-barlow", "dira-simsiam", "dira-words", "skipped-dira-moco")
GRADIENTS = ("gradients-across-regions", "gradients-grid-regions", "gradients-volumes-regions")
GRADIENTS += ("gradients-dira-moco", "gradients-dira-simsiam", "gradients-dira-words")
SECONDS = 120.0


def start(processes: int, folder: Path, *arguments: str) -> list[subprocess.Popen[str]]:
    """Start the processes as ``torchrun`` does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []
    for rank in range(processes):
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        if processes > 1:
            environment |= {
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": str(processes),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
            }
        started.append(
            subprocess.Popen(
                [sys.executable, str(SCRIPT), str(folder), *arguments],
                env=environment,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return started


def finish(processes: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """Wait for all; return their exit codes and what they said."""
    end = time.monotonic() + SECONDS
    try:
        said = [p.communicate(timeout=max(1.0, end - time.monotonic()))[1] for p in processes]
        return [(p.returncode, text) for p, text in zip(processes, said, strict=True)]
    finally:
        for process in processes:
            process.kill()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What one process leaves, and what two leave."""
    folder = tmp_path_factory.mktemp("several")
    one, two = (start(n, folder / str(n), *TRAININGS, *GRADIENTS) for n in (1, 2))
    for code, said in (*finish(one), *finish(two)):
        assert code == 0, said
    return folder / "1", folder / "2"


def metrics(run: Path) -> list[dict[str, Any]]:
    return [event for event in RunFolder(run).events() if event["kind"] == "metric"]


@pytest.mark.parametrize("what", TRAININGS)
def test_the_losses_are_those_of_one_process(folders: tuple[Path, Path], what: str) -> None:
    one, two = (metrics(folder / what) for folder in folders)
    assert len(one) == len(two) >= 20
    clocks = {"t", "seconds", "seconds_left", "images_per_second", "waiting_share", "memory_mb"}
    for mine, its in zip(two, one, strict=True):
        assert mine.keys() == its.keys()
        for name in mine.keys() - clocks:
            # Clusters are counted, and a cell between two may fall to either.
            # The fewer rows are standardised, the more their rounding is seen.
            tolerance = {"effective_clusters": 1e-2, "image_spread": 1e-3}.get(name, 1e-4)
            where = f"{name}, step {mine['step']}"
            assert mine[name] == pytest.approx(its[name], abs=tolerance), where


@pytest.mark.parametrize("what", GRADIENTS)
def test_so_are_the_gradients(folders: tuple[Path, Path], what: str) -> None:
    one, two = (load_file(folder / f"{what}.safetensors") for folder in folders)
    assert one.keys() == two.keys()
    for name, gradient in one.items():
        difference = (two[name] - gradient).norm() / gradient.norm()
        assert difference < 1e-3, name


def test_a_step_that_one_cannot_take_is_skipped_by_all(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        events = metrics(folder / "skipped-dira-moco")
        assert [e["step"] for e in events if e["loss"] is None] == [4, 18]
        assert events[-1]["skipped_steps"] == 2


def test_the_model_is_like_that_of_one_process(folders: tuple[Path, Path]) -> None:
    one, two = (load_file(f / "regions" / "model" / "model.safetensors") for f in folders)
    assert one.keys() == two.keys()
    for name, values in one.items():
        torch.testing.assert_close(two[name], values, atol=1e-3, rtol=1e-3, msg=name)


def test_several_processes_are_told_and_only_one_writes(folders: tuple[Path, Path]) -> None:
    events = RunFolder(folders[1] / "across").events()
    states = [event["state"] for event in events if event["kind"] == "state"]
    assert states == ["starting", "running", "done"]
    (running,) = (event for event in events if event.get("state") == "running")
    assert running["processes"] == 2


def test_when_one_dies_the_other_says_so_and_ends(tmp_path: Path) -> None:
    begun = time.monotonic()
    (first, said), (last, _) = finish(start(2, tmp_path, "across", "--end-at=3"))
    assert last == -signal.SIGKILL
    assert first > 0
    assert "another process of this training ended" in said
    assert time.monotonic() - begun < 60
    events = RunFolder(tmp_path / "across").events()
    assert events[-1]["state"] == "failed"
    (error,) = (event for event in events if event["kind"] == "error")
    assert "another process" in error["message"]


def test_two_processes_go_on_where_they_were_stopped(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    run = tmp_path / "across"
    processes = start(2, tmp_path, "across")
    end = time.monotonic() + SECONDS
    while not (run / "events.jsonl").exists() or not metrics(run):
        assert time.monotonic() < end
        time.sleep(0.02)
    RunFolder(run).ask("stop")
    assert [code for code, _ in finish(processes)] == [1, 1]
    assert RunFolder(run).events()[-1]["state"] == "stopped"
    for code, said in finish(start(2, tmp_path, "across")):
        assert code == 0, said
    last = [event for event in metrics(run) if "loss" in event][-1]
    whole = [event for event in metrics(folders[1] / "across") if "loss" in event][-1]
    assert last["step"] == whole["step"] == 20
    assert last["loss"] == pytest.approx(whole["loss"], abs=1e-4)
