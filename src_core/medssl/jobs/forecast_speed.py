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
_MEASURED_SECONDS = 0.1


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
    speeds = []
    for count in {threads, 1}:  # threads that wait for each other on a busy machine tell too little
        with _threads(count):
            speeds.append(measure_speed(device, precision))
    known = _read(file)
    before, remembered = known.get(key), None
    if before is not None and 0 <= time.time() - before["t"] < FRESH_SECONDS:
        remembered = Speed(before["operations"], before["moved_bytes"])
        speeds.append(remembered)
    best = Speed(
        max(speed.operations for speed in speeds), max(speed.moved_bytes for speed in speeds)
    )
    if best != remembered:
        _keep(file, known | {key: asdict(best) | {"t": time.time()}})
    return best


def measure_speed(device: torch.device, precision: Precision) -> Speed:
    """Measure a device; takes a fifth of a second.

    A processor is measured by pieces so short that some run undisturbed by what else it does.
    """
    on_cpu = device.type == "cpu"
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    side = 512 if on_cpu else 4096
    one = torch.ones(side, side, dtype=dtype, device=device)
    product = torch.empty_like(one)
    multiply = _seconds(lambda _: torch.mm(one, one, out=product), device)
    size = 1 << 20 if on_cpu else 1 << 24
    numbers = torch.zeros(16, size, device=device)
    moved = torch.zeros_like(numbers)

    def move(turn: int) -> None:
        row = turn % len(numbers)  # what was moved before is no longer in the processor's cache
        torch.add(numbers[row], 1.0, out=moved[row])

    bytes_moved = 2.0 * size * numbers.element_size()
    return Speed(2.0 * side**3 / multiply, bytes_moved / _seconds(move, device))


def _seconds(work: Callable[[int], object], device: torch.device) -> float:
    """Shortest of all turns within a tenth of a second, after a first that is not counted."""
    best, begun, turn = float("inf"), time.perf_counter(), 0
    while turn < 2 or time.perf_counter() - begun < _MEASURED_SECONDS:
        start = time.perf_counter()
        work(turn)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        elif device.type == "mps":
            torch.mps.synchronize()
        if turn:
            best = min(best, time.perf_counter() - start)
        turn += 1
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
