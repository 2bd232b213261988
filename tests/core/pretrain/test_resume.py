"""Runs that are killed, stopped and paused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medssl.errors import Cancelled, ModelError, SettingsError, StorageError
from medssl.pretrain import pretrain
from medssl.runs import RunFolder

from .cohorts import linked_settings, make_cohort, tiny_settings

SCRIPT = Path(__file__).with_name("killed_run.py")


def start(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(folder), *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def states(folder: Path) -> list[str]:
    return [event["state"] for event in RunFolder(folder).events() if event["kind"] == "state"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two stages that nothing disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run = start(folder, 8)
    assert run.returncode == 0, run.stderr
    return folder


def assert_bit_equal(folder: Path, other: Path) -> None:
    for part in ("model/model.safetensors", "checkpoints/last/state.safetensors"):
        mine, its = load_file(folder / part), load_file(other / part)
        assert mine.keys() == its.keys()
        assert all(torch.equal(mine[name], its[name]) for name in mine)


@pytest.mark.parametrize(("step", "linked_anew"), [(4, False), (6, True)])
def test_killed_and_resumed_ends_bit_equal(
    tmp_path: Path, whole: Path, step: int, linked_anew: bool
) -> None:
    """While the images are linked between the stages, and in the second stage."""
    killed = tmp_path / "killed"
    assert start(killed, 8, step).returncode == -signal.SIGKILL
    assert not (killed / "model").exists()
    assert json.loads((killed / "pid").read_text())["pid"] > 0
    assert (killed / "correspondences-across.safetensors").is_file()
    assert (killed / "correspondences-refined.safetensors").is_file() == linked_anew
    again = start(killed, 8)
    assert again.returncode == 0, again.stderr
    running = [e for e in RunFolder(killed).events() if e.get("state") == "running"]
    assert [event["step"] for event in running] == [0, step]
    assert_bit_equal(killed, whole)


def test_stopped_before_the_second_stage_goes_on_into_it(tmp_path: Path, whole: Path) -> None:
    def stop(done: int, _total: int, _message: str) -> None:
        if done == 3:
            raise Cancelled

    settings = linked_settings(steps=8, seed=7)
    with pytest.raises(Cancelled):
        pretrain(make_cohort(), settings, tmp_path, stop)
    pretrain(make_cohort(), settings, tmp_path)
    assert_bit_equal(tmp_path, whole)


def test_stopped_by_progress_goes_on(tmp_path: Path) -> None:
    def stop(done: int, _total: int, _message: str) -> None:
        if done == 3:
            raise Cancelled

    settings = tiny_settings(steps=6)
    with pytest.raises(Cancelled, match="after 3 steps"):
        pretrain(make_cohort(), settings, tmp_path / "run", stop)
    assert states(tmp_path / "run")[-2:] == ["stopping", "stopped"]
    result = pretrain(make_cohort(), settings, tmp_path / "run")
    assert result.steps == 6
    assert [event["step"] for event in result.history] == [4, 5, 6]
    whole = pretrain(make_cohort(), settings, tmp_path / "whole")
    one, other = (load_file(r.model_folder / "model.safetensors") for r in (result, whole))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("how", ["file", "signal"])
def test_stop_file_and_sigterm_save_and_leave(tmp_path: Path, how: str) -> None:
    def ask(done: int, _total: int, _message: str) -> None:
        if done == 2 and how == "file":
            (tmp_path / "control" / "stop").touch()
        elif done == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Cancelled):
        pretrain(make_cohort(), tiny_settings(steps=50), tmp_path, ask)
    assert signal.getsignal(signal.SIGTERM) == before
    assert states(tmp_path)[-1] == "stopped"
    assert (tmp_path / "checkpoints" / "last" / "state.safetensors").is_file()
    assert not (tmp_path / "pid").exists()


def test_pause_waits_until_the_file_vanishes(tmp_path: Path) -> None:
    pause = tmp_path / "control" / "pause"

    def ask(done: int, _total: int, _message: str) -> None:
        if done == 2 and "paused" not in states(tmp_path):
            pause.touch()
            threading.Timer(0.3, pause.unlink).start()

    assert pretrain(make_cohort(), tiny_settings(steps=4), tmp_path, ask).steps == 4
    assert states(tmp_path) == ["starting", "running", "paused", "running", "done"]


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    first = pretrain(make_cohort(), tiny_settings(), tmp_path)
    written = (tmp_path / "model" / "model.safetensors").stat().st_mtime_ns
    second = pretrain(make_cohort(), tiny_settings(), tmp_path)
    assert second.steps == first.steps
    assert [event["loss"] for event in second.history] == [e["loss"] for e in first.history]
    assert (tmp_path / "model" / "model.safetensors").stat().st_mtime_ns == written


def test_another_request_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    pretrain(make_cohort(), tiny_settings(), tmp_path)
    with pytest.raises(SettingsError, match="other settings"):
        pretrain(make_cohort(), tiny_settings(seed=1), tmp_path)


def test_two_on_one_folder(tmp_path: Path) -> None:
    with RunFolder(tmp_path), pytest.raises(SettingsError, match="is working on this run"):
        pretrain(make_cohort(), tiny_settings(), tmp_path)


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    def stop(done: int, _total: int, _message: str) -> None:
        if done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        pretrain(make_cohort(), tiny_settings(), tmp_path, stop)
    state = tmp_path / "checkpoints" / "last" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-50])
    with pytest.raises(ModelError, match=r"state\.safetensors: the checkpoint is damaged"):
        pretrain(make_cohort(), tiny_settings(), tmp_path)
    assert states(tmp_path)[-1] == "failed"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        pretrain(make_cohort(), tiny_settings(), tmp_path / "file" / "run")
