"""How much memory is free, and how much this process has taken at most."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import torch

_GROUP = Path("/sys/fs/cgroup")
_FORGET_PEAK = "5"  # what Linux's clear_refs calls the peak of the resident memory


def free_memory_mb(device: torch.device) -> int:
    """Return what a new job could take on a device, in MiB.

    On the processor it is what the machine, and the container that this process may be in,
    have left.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) >> 20
    free = psutil.virtual_memory().available
    return int(min(free, _free_in_container(free))) >> 20


def peak_memory_mb(device: torch.device) -> int:
    """Return the most that this process has taken on a device since `forget_peak`, in MiB."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device)) >> 20
    return _peak_bytes() >> 20


def forget_peak(device: torch.device) -> None:
    """Begin anew with the peak, where the system allows it."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        try:
            Path("/proc/self/clear_refs").write_text(_FORGET_PEAK, encoding="ascii")
        except OSError:
            return  # the peak is then that of the whole process, which is not less


def _peak_bytes() -> int:
    if sys.platform == "linux":
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak << 10)


def _free_in_container(otherwise: int) -> int:
    """Return what the control group of this process has left; files it can drop count as free."""
    try:
        limit = (_GROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((_GROUP / "memory.current").read_text(encoding="ascii"))
        lines = (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return otherwise
    if not limit.isdigit():
        return otherwise
    files = sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    return max(0, int(limit) - used + files)
