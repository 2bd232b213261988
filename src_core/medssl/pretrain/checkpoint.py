"""Checkpoints: one safetensors file with its JSON in the header, replaced whole.

The one before is kept beside it, for the day on which a disk gives back less than it was given.
Nothing in it is ever executed when it is read.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from medssl.errors import ModelError, StorageError

FILE_NAME = "state.safetensors"
BEFORE_NAME = "state.before.safetensors"


def save_checkpoint(
    folder: Path,
    step: int,
    modules: dict[str, nn.Module],
    optimisers: dict[str, Optimizer],
    extra: Any,
) -> None:
    """Write everything that a training needs to go on as if it had not stopped.

    Parameters
    ----------
    folder
        ``checkpoints/last`` or ``checkpoints/best``.
    step
        Steps done; with the seed it is the position in the data order and in all views.
    modules
        Nets and objectives by name.
    optimisers
        Their states go along.
    extra
        Whatever else, as JSON.

    Raises
    ------
    StorageError
        If it cannot be written; an older checkpoint stays as it is.
    """
    tensors: dict[str, Tensor] = {"random/torch": torch.get_rng_state()}
    for number in range(torch.cuda.device_count()):
        tensors[f"random/cuda/{number}"] = torch.cuda.get_rng_state(number)
    for name, module in modules.items():
        for key, value in module.state_dict().items():
            tensors[f"module/{name}/{key}"] = value
    groups = {}
    for name, optimiser in optimisers.items():
        state = optimiser.state_dict()
        groups[name] = state["param_groups"]
        for index, values in state["state"].items():
            for key, value in values.items():
                tensors[f"optimiser/{name}/{index}/{key}"] = torch.as_tensor(value)
    record = {
        "step": step,
        "groups": groups,
        "random": {"python": random.getstate(), "numpy": _numpy_state()},
        "extra": extra,
    }
    partial = folder / f".{FILE_NAME}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        save_file(tensors, partial, metadata={"record": json.dumps(record)})
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        _keep_as_the_one_before(folder / FILE_NAME)
        partial.replace(folder / FILE_NAME)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise StorageError(
            f"{folder}: the checkpoint cannot be written ({error}). Free some space and resume "
            "the run; the last checkpoint is still good."
        ) from error


def load_checkpoint(
    folder: Path, modules: dict[str, nn.Module], optimisers: dict[str, Optimizer]
) -> tuple[int, Any, str]:
    """Put everything back as `save_checkpoint` found it.

    Returns
    -------
    step
        Steps done.
    extra
        As it was given.
    note
        What a person should know: whether the checkpoint is damaged and the one before it was
        taken. Empty if it is as it should be.

    Raises
    ------
    ModelError
        If both are damaged or of another training.
    """
    problems = []
    for name in (FILE_NAME, BEFORE_NAME):
        try:
            step, extra = _load(folder / name, modules, optimisers)
        except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            problems.append(f"{folder / name}: the checkpoint is damaged or of another training")
            problems[-1] += f" ({reason})"
            continue
        if not problems:
            return step, extra, ""
        return step, extra, f"{problems[0]}; the run goes on from the one before, of step {step}"
    too = ", and so is the one before" if (folder / BEFORE_NAME).exists() else ""
    raise ModelError(
        f"{problems[0]}{too}. Delete the run folder, or name another one, and start again."
    )


def _load(
    path: Path, modules: dict[str, nn.Module], optimisers: dict[str, Optimizer]
) -> tuple[int, Any]:
    with safe_open(path, framework="pt") as file:
        record = json.loads(file.metadata()["record"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    for name, module in modules.items():
        module.load_state_dict(_below(tensors, f"module/{name}/"))
    for name, optimiser in optimisers.items():
        state = _by_index(_below(tensors, f"optimiser/{name}/"))
        optimiser.load_state_dict({"state": state, "param_groups": record["groups"][name]})
        _lay_out_like_parameters(optimiser)
    _restore_random(tensors, record["random"])
    return int(record["step"]), record["extra"]


def _keep_as_the_one_before(path: Path) -> None:
    """Give the checkpoint a second name; where links cannot be, move it."""
    if not path.is_file():
        return
    before = path.with_name(BEFORE_NAME)
    link = path.with_name(f".{BEFORE_NAME}.part")
    link.unlink(missing_ok=True)
    try:
        os.link(path, link)
    except OSError:
        path.replace(before)
    else:
        link.replace(before)


def has_checkpoint(folder: Path) -> bool:
    """Whether there is a checkpoint to go on from."""
    return any((folder / name).is_file() for name in (FILE_NAME, BEFORE_NAME))


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): v for key, v in tensors.items() if key.startswith(prefix)}


def _by_index(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split("/", 1)
        state.setdefault(int(index), {})[name] = value
    return state


def _lay_out_like_parameters(optimiser: Optimizer) -> None:
    """Give state tensors the memory layout of their parameters: fused kernels walk both alike."""
    for parameter, values in optimiser.state.items():
        for key, value in values.items():
            if value.shape == parameter.shape:
                values[key] = torch.empty_like(parameter, requires_grad=False).copy_(value)


def _numpy_state() -> list[Any]:
    name, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - the global state
    return [name, np.asarray(keys).tolist(), *rest]


def _restore_random(tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
    torch.set_rng_state(tensors["random/torch"])
    for number in range(torch.cuda.device_count()):
        if f"random/cuda/{number}" in tensors:
            torch.cuda.set_rng_state(tensors[f"random/cuda/{number}"], number)
    version, internal, following = record["python"]
    random.setstate((version, tuple(internal), following))
    name, keys, position, has_gauss, gauss = record["numpy"]
    np.random.set_state((name, np.array(keys, np.uint32), position, has_gauss, gauss))  # noqa: NPY002
