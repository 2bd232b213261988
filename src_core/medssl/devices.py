"""Which device a name means, and in which numbers it computes fastest."""

from __future__ import annotations

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


def fast_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the hardware has matrix units for it, else float32."""
    if device.type == "cpu" and torch.cpu.get_capabilities().get("amx_bf16", False):
        return torch.bfloat16
    if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0):
        return torch.bfloat16
    return torch.float32
