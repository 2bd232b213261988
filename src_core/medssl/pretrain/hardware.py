"""Which device, which precision, and whether the net can be compiled."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from medssl.errors import SettingsError

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

    On processors bf16 pays only where it is compiled and has its own instructions.
    """
    notes = []
    if compiled:
        problem = compile_problem(device)
        if problem:
            compiled = False
            notes.append(f"the net is not compiled: {problem}")
    chosen: Precision = "bf16" if precision == "bf16" else "float32"
    if precision == "auto" and has_fast_bf16(device):
        if device.type != "cpu" or compiled:
            chosen = "bf16"
        else:
            notes.append("float32 instead of bf16: on a processor bf16 pays only compiled")
    return Hardware(device, chosen, compiled, tuple(notes))


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the device multiplies in bf16 faster than in float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        capabilities = torch.backends.cpu.get_cpu_capability()
        return "AMX" in capabilities or _cpu_flags() & {"amx_bf16", "avx512_bf16"} != set()
    return False


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

    wanted = _wanted_device(device)
    if wanted.type == "cuda" and wanted.index is not None:
        torch.cuda.set_device(wanted)
    accelerator = Accelerator(cpu=wanted.type == "cpu")
    if accelerator.device.type != wanted.type:
        raise SettingsError(
            f"device {device!r}: this process already computes on {accelerator.device}; "
            "start a new one"
        )
    return accelerator


def _wanted_device(device: str) -> torch.device:
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise SettingsError(
            f"device {device!r} is not known; name auto, cpu, cuda, cuda:1 or mps"
        ) from error
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (wanted.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present.get(wanted.type, False):
        raise SettingsError(f"device {device!r} is not there; name auto or cpu")
    return wanted


def _cpu_flags() -> set[str]:
    """Instruction sets as Linux names them; elsewhere nothing is known."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - not a real file
            for line in file:
                if line.startswith("flags"):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        return set()
    return set()
