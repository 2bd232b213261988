"""Read a file of weights without running anything in it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from medssl.errors import FileRefusedError

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".tar", ".ckpt")
StateDict = dict[str, Tensor]
_AGAIN = "Download or copy it again."
_ONLY_TENSORS = (
    "Ask its authors for a .safetensors file; or, where you trust it, load it once with the "
    "program that made it and save its tensors alone: "
    "torch.save(model.state_dict(), 'weights.pth')."
)


def read_state_dicts(path: Path) -> dict[str, StateDict]:
    """Return every dictionary of tensors in a file, by the dotted keys that lead to it.

    The outermost has the key ``""``. Optimiser states, whose keys are numbers, are left out.

    Raises
    ------
    FileRefusedError
        If there is no such file, it is damaged, it holds no tensors, or it cannot be read without
        running code that is in it.
    """
    if path.is_dir():
        raise FileRefusedError(
            path, "it is a folder, not a file of weights", "Name the file with the weights in it."
        )
    if not path.is_file():
        raise FileRefusedError(path, "there is no such file", "Check the name.")
    if path.suffix.lower() not in SUFFIXES:
        raise FileRefusedError(
            path, "it is no file of weights by its name", f"These are read: {', '.join(SUFFIXES)}."
        )
    loaded = _read_safetensors(path) if path.suffix.lower() == SUFFIXES[0] else _read_torch(path)
    found: dict[str, StateDict] = {}
    _collect(loaded, "", found)
    if not found:
        raise FileRefusedError(
            path,
            f"it holds a {type(loaded).__name__} without named tensors",
            "Save the weights with torch.save(model.state_dict(), 'weights.pth').",
        )
    return found


def _read_safetensors(path: Path) -> StateDict:
    try:
        tensors: StateDict = load_file(path)
    except (SafetensorError, OSError) as error:
        raise FileRefusedError(path, f"the file is damaged ({error})", _AGAIN) from error
    return tensors


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's advice to load it in the unsafe way
            return torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise FileRefusedError(path, "it may not be read", "Change its permissions.") from error
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        needs = _code_needed(path, str(error))
        if needs is not None:
            raise FileRefusedError(path, needs, _ONLY_TENSORS) from error
        problem = "the file is damaged, cut off, or no file of weights"
        raise FileRefusedError(path, problem, _AGAIN) from error


def _code_needed(path: Path, message: str) -> str | None:
    """Say what the file would run when it is loaded; None where it is damaged."""
    named = re.search(r"\bGLOBAL ([\w.]+)", message)
    if named is not None:
        return (
            f"it holds more than tensors: loading it would run code ({named[1]}), which may be "
            "harmful, so nothing of it was loaded"
        )
    if "TorchScript" in message:
        return "it is a TorchScript program, whose code is not run"
    if "Unsupported operand" in message and path.read_bytes()[:1] == b"\x80":
        return "it is a pickle that torch did not write: loading it could run code, so it was not"
    return None


def _collect(value: Any, where: str, found: dict[str, StateDict]) -> None:
    if not isinstance(value, Mapping):
        return
    named = {key: one for key, one in value.items() if isinstance(key, str)}
    tensors = {key: one for key, one in named.items() if isinstance(one, Tensor)}
    if tensors:
        found[where] = tensors
    for key, one in named.items():
        _collect(one, f"{where}.{key}" if where else key, found)
