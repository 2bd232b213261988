"""Which device, which precision, and whether the net can be compiled."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from medssl.devices import choose_device, multiplies_bf16
from medssl.errors import SettingsError
from medssl.processes import TIMEOUT, launched_processes, process_count

if TYPE_CHECKING:
    from accelerate import Accelerator

Precision = Literal["float32", "bf16"]


@dataclass(frozen=True)
class Hardware:
    """What a training computes with.

    Parameters
    ----------
    device
        Device of this process.
    precision
        Number format of the net's convolutions; weights and losses are always float32.
    compiled
        Whether the net is to be compiled.
    notes
        What was fallen back from, in words.
    """

    device: torch.device
    precision: Precision
    compiled: bool
    notes: tuple[str, ...] = ()


def choose_hardware(
    device: torch.device, precision: Literal["auto", "float32", "bf16"], compiled: bool
) -> Hardware:
    """Choose the fastest way that this machine offers.

    On processors bf16 pays only where it is compiled and has its own instructions. What processes
    tell each other inside the net cannot be compiled.
    """
    notes = []
    if device.type == "cpu":
        device = torch.device("cpu")  # accelerate numbers the processors of several processes
    if compiled and process_count() > 1:
        compiled = False
        notes.append("the net is not compiled: several processes train it together")
    if compiled:
        problem = compile_problem(device)
        if problem:
            compiled = False
            notes.append(f"the net is not compiled: {problem}")
    chosen: Precision = "bf16" if precision == "bf16" else "float32"
    if precision == "auto" and multiplies_bf16(device):
        if device.type != "cpu" or compiled:
            chosen = "bf16"
        else:
            notes.append("float32 instead of bf16: on a processor bf16 pays only compiled")
    return Hardware(device, chosen, compiled, tuple(notes))


def compile_problem(device: torch.device) -> str:
    """Say what is missing for `torch.compile`; empty if nothing is known to be."""
    if device.type == "mps":
        return "not used on this device"
    if device.type == "cpu":
        if sys.platform == "win32":
            names = ["cl", "clang-cl"]
        else:
            names = [os.environ.get("CXX", "g++"), "g++", "clang++"]
        if not any(shutil.which(name) for name in names):
            return "no C++ compiler was found"
    return ""


def start_accelerator(device: str) -> Accelerator:
    """Start accelerate on the wanted device; several processes are found by their environment.

    Raises
    ------
    SettingsError
        If there is no such device, or this process already computes on another.
    """
    from accelerate import Accelerator
    from accelerate.utils import InitProcessGroupKwargs, KwargsHandler

    wanted = choose_device(device)
    if wanted.type == "cuda" and wanted.index is not None:
        if launched_processes() > 1:
            raise SettingsError(
                f"device {device!r}: several processes take a card each; name the device cuda"
            )
        torch.cuda.set_device(wanted)
    if launched_processes() > 1 and wanted.type == "mps":
        raise SettingsError("several processes cannot share an Apple GPU; name the device cpu")
    on_cpu = wanted.type == "cpu"
    handlers: list[KwargsHandler] = []
    if launched_processes() > 1:
        # A kernel of one voxel lies in memory the same way whatever its strides say.
        warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
        backend = "gloo" if on_cpu else "nccl"
        handlers = [InitProcessGroupKwargs(backend=backend, timeout=TIMEOUT)]
    accelerator = Accelerator(cpu=on_cpu, kwargs_handlers=handlers)
    if accelerator.device.type != wanted.type:
        raise SettingsError(
            f"device {device!r}: this process already computes on {accelerator.device}; "
            "start a new one"
        )
    return accelerator
