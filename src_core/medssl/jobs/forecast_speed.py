"""How fast this machine multiplies and moves numbers, measured in a fraction of a second."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import torch

from medssl.pretrain.hardware import Precision

FRESH_SECONDS = 7 * 24 * 3600
_SIDE = 1024
_MOVED = 1 << 24
_LONGEST_SECONDS = 0.1


@dataclass(frozen=True)
class Speed:
    """What a device does in a second.

    Parameters
    ----------
    operations
        Multiplications and additions of large matrix products.
    moved_bytes
        Bytes that are read and written when numbers are added.
    """

    operations: float
    moved_bytes: float


@lru_cache(maxsize=8)
def machine_speed(device: torch.device, precision: Precision, threads: int, cache: Path) -> Speed:
    """Return the speed of a device: the best that was measured in the last week.

    A machine that is busy now is measured slow; what it can do was seen before.

    Parameters
    ----------
    device
        What is measured, once a process.
    precision
        Number format of the products.
    threads
        Threads of the processor to measure with.
    cache
        Folder where what was measured is kept.
    """
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.node()
    key = f"{name} {device.type} {precision} {threads} torch {torch.__version__}"
    file = cache / "speed.json"
    with _threads(threads):
        speed = measure_speed(device, precision)
    known = _read(file)
    before = known.get(key)
    if before is not None and 0 <= time.time() - before["t"] < FRESH_SECONDS:
        if before["operations"] >= speed.operations and before["moved_bytes"] >= speed.moved_bytes:
            return Speed(before["operations"], before["moved_bytes"])
        speed = Speed(
            max(before["operations"], speed.operations),
            max(before["moved_bytes"], speed.moved_bytes),
        )
    _keep(file, known | {key: asdict(speed) | {"t": time.time()}})
    return speed


def measure_speed(device: torch.device, precision: Precision) -> Speed:
    """Measure a device; takes less than half a second."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    one = torch.ones(_SIDE, _SIDE, dtype=dtype, device=device)
    product = torch.empty_like(one)
    numbers = torch.zeros(_MOVED, device=device)
    moved = torch.empty_like(numbers)
    multiply = _seconds(lambda: torch.mm(one, one, out=product), device)
    move = _seconds(lambda: torch.add(numbers, 1.0, out=moved), device)
    size = numbers.numel() * numbers.element_size()
    return Speed(2.0 * _SIDE**3 / multiply, 2.0 * size / move)


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    """Shortest time within a tenth of a second, after a first time that is not counted."""
    best, begun, first = float("inf"), time.perf_counter(), True
    while first or best == float("inf") or time.perf_counter() - begun < _LONGEST_SECONDS:
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        elif device.type == "mps":
            torch.mps.synchronize()
        if not first:
            best = min(best, time.perf_counter() - start)
        first = False
    return best


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _read(file: Path) -> dict[str, dict[str, float]]:
    """Read what was measured before; what is damaged counts as not there."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {
            str(key): {name: float(entry[name]) for name in ("operations", "moved_bytes", "t")}
            for key, entry in found.items()
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}


def _keep(file: Path, values: dict[str, dict[str, float]]) -> None:
    """Write for the next time; where that fails it is measured again."""
    partial = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
        partial.replace(file)
    except OSError:
        return
