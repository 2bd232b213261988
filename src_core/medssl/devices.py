"""Which device a name means, and in which numbers it computes fastest."""

from __future__ import annotations

import functools

import torch

from medssl.errors import SettingsError


def choose_device(device: str) -> torch.device:
    """Return the device that a name means; ``"auto"`` takes CUDA, then MPS, then the processor.

    Raises
    ------
    SettingsError
        If the name is unknown or there is no such device.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(
            f"the device {device!r} cannot be used ({reason}); take 'auto' or 'cpu'"
        ) from error
    return chosen


def multiplies_bf16(device: torch.device) -> bool:
    """Whether the hardware has instructions that multiply in bfloat16."""
    if device.type == "cuda":
        return bool(torch.cuda.get_device_capability(device) >= (8, 0))
    return device.type == "cpu" and bool(_cpu_flags() & {"amx_bf16", "avx512_bf16"})


def fast_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the hardware has matrix units for it, else float32."""
    units = device.type != "cpu" or "amx_bf16" in _cpu_flags()
    return torch.bfloat16 if units and multiplies_bf16(device) else torch.float32


@functools.cache
def _cpu_flags() -> frozenset[str]:
    """Instruction sets of the processor as Linux names them; elsewhere nothing is known."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - not a real file
            for line in file:
                if line.startswith("flags"):
                    return frozenset(line.split(":", 1)[1].split())
    except OSError:
        return frozenset()
    return frozenset()
