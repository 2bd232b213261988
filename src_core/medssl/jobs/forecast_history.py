"""What earlier runs took on this machine, against what was counted for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from medssl.runs import EventReader, list_runs

RUNS_LOOKED_AT = 60
RUNS_USED = 5
BYTES_LOOKED_AT = 1 << 18


@dataclass(frozen=True)
class Experience:
    """How measured runs compare with what was counted before they began.

    Parameters
    ----------
    runs
        How many there were.
    seconds
        Measured over counted seconds of a step, the median of the runs.
    memory
        Measured over counted memory.
    """

    runs: int
    seconds: float
    memory: float


def look_back(root: Path, kind: Mapping[str, Any]) -> Experience | None:
    """Learn from the newest runs of a kind; None where there is none.

    A run tells what was counted in its first event of kind ``forecast``, and what was measured
    in the first steps of its first stage in a later one.

    Parameters
    ----------
    root
        Folder of runs.
    kind
        What a run must agree in: recipe, device, precision and so on.
    """
    found = []
    for run in list_runs(root)[:RUNS_LOOKED_AT]:
        ratios = _ratios(run.path, kind)
        if ratios is not None:
            found.append(ratios)
        if len(found) == RUNS_USED:
            break
    if not found:
        return None
    return Experience(
        len(found), median(seconds for seconds, _ in found), median(memory for _, memory in found)
    )


def _ratios(run: Path, kind: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return measured over counted seconds and memory of one run."""
    counted: dict[str, Any] = {}
    for event in EventReader(run).read(BYTES_LOOKED_AT):
        if event.get("kind") != "forecast":
            continue
        if isinstance(event.get("counted"), dict):
            counted = event["counted"]
            if counted.get("of") != dict(kind):
                return None
        elif counted and event.get("basis") == "measured now":
            seconds = _ratio(event, counted, "step_seconds")
            memory = _ratio(event, counted, "memory_mb")
            return None if seconds is None or memory is None else (seconds, memory)
    return None


def _ratio(measured: Mapping[str, Any], counted: Mapping[str, Any], name: str) -> float | None:
    values = [measured.get(name), counted.get(name)]
    numbers = [value for value in values if isinstance(value, int | float) and value > 0]
    return numbers[0] / numbers[1] if len(numbers) == len(values) else None
