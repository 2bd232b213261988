"""Files of weights: damaged ones are named, and nothing in them is ever run."""

from __future__ import annotations

import argparse
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from medssl.errors import FileRefusedError
from medssl.importing.reading import read_state_dicts

TENSORS = {"a.weight": torch.arange(600.0), "b.bias": torch.ones(5)}


class Harmful:
    """Makes a file when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.witness),)


@pytest.mark.parametrize("layout", ["zip", "legacy", "pickle"])
def test_code_in_a_file_is_refused_and_not_run(tmp_path: Path, layout: str) -> None:
    witness = tmp_path / "ran"
    path = tmp_path / "harmful.pth"
    holds = {"state_dict": TENSORS, "extra": Harmful(witness)}
    if layout == "pickle":
        path.write_bytes(pickle.dumps({"extra": Harmful(witness)}))
    else:
        torch.save(holds, path, _use_new_zipfile_serialization=layout == "zip")
    with pytest.raises(FileRefusedError, match=r"run code.*safetensors.*state_dict"):
        read_state_dicts(path)
    assert not witness.exists()
    torch.load(path, weights_only=False) if layout != "pickle" else pickle.loads(path.read_bytes())
    assert witness.exists()  # the file would have done it


@pytest.mark.parametrize("extra", [torch.nn.Linear(2, 2), argparse.Namespace(lr=0.1)])
def test_objects_beside_the_tensors_are_named(tmp_path: Path, extra: object) -> None:
    torch.save({"state_dict": TENSORS, "extra": extra}, tmp_path / "w.pth")
    with pytest.raises(FileRefusedError, match=type(extra).__name__):
        read_state_dicts(tmp_path / "w.pth")


@pytest.mark.parametrize("layout", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_was_cut_off_is_damaged(tmp_path: Path, layout: str, share: float) -> None:
    path = tmp_path / ("w.safetensors" if layout == "safetensors" else "w.pth")
    if layout == "safetensors":
        save_file(TENSORS, path)
    else:
        torch.save(TENSORS, path, _use_new_zipfile_serialization=layout == "zip")
    whole = path.read_bytes()
    assert read_state_dicts(path)[""]["b.bias"].tolist() == [1.0] * 5
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FileRefusedError, match=r"w\..*damaged"):
        read_state_dicts(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.pth", b"<!DOCTYPE html><html></html>", "no file of weights"),
        ("model.onnx", b"", r"\.safetensors"),
        ("nothing.pth", None, "no such file"),
    ],
)
def test_other_files_are_named(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FileRefusedError, match=said):
        read_state_dicts(tmp_path / name)


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="folder"):
        read_state_dicts(tmp_path)


def test_a_file_without_tensors_is_named(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "w.pt")
    with pytest.raises(FileRefusedError, match="without named tensors"):
        read_state_dicts(tmp_path / "w.pt")


def test_states_of_an_optimiser_are_no_weights(tmp_path: Path) -> None:
    moments = {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]}
    torch.save({"model": {"net": TENSORS}, "optimizer": moments}, tmp_path / "w.tar")
    assert list(read_state_dicts(tmp_path / "w.tar")) == ["model.net"]
