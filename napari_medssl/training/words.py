"""States, numbers and times of a run as a person reads them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medssl.runs import RunStatus, State

_STATES: dict[str, str] = {
    "queued": "Waiting for the device",
    "starting": "Getting ready",
    "running": "Learning",
    "paused": "Paused",
    "stopping": "Stopping…",
    "stopped": "Stopped",
    "done": "Done",
    "failed": "Failed",
    "lost": "Interrupted",
}
_METRICS = {
    "loss": "total",
    "dense_discrimination": "places",
    "dense_matching": "matching",
    "cross_image_matching": "across images",
    "moco": "whole images",
    "simsiam": "whole images",
    "barlow_twins": "whole images",
    "patch_discrimination": "patches",
    "hypersphere_mixup": "mixup",
    "region_discrimination": "regions",
    "assignment_entropy": "region entropy",
    "assignment_balance": "region balance",
    "validation_loss": "held out",
    "lr": "learning rate",
}


def state_words(state: State) -> str:
    """Say a state."""
    return _STATES[state]


def metric_words(name: str) -> str:
    """Say what a curve shows."""
    return _METRICS.get(name, name.replace("_", " "))


def memory_words(megabytes: float) -> str:
    """Say an amount of memory: ``820 MB``, ``1.2 GB``."""
    if megabytes < 1000:
        return f"{megabytes:.0f} MB"
    return f"{megabytes / 1024:.1f} GB" if megabytes < 10_240 else f"{megabytes / 1024:.0f} GB"


def duration_words(seconds: float) -> str:
    """Say how long something takes: ``40 s``, ``8 min``, ``2.5 h``, ``3 days``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.1f} h".replace(".0 h", " h")
    return f"{seconds / 86400:.1f} days".replace(".0 days", " days")


def place_words(step: int, steps: int) -> str:
    """Say how far a run is: ``step 340 of 900``."""
    return f"step {step:,} of {steps:,}" if steps else f"step {step:,}"


def metric_line(metric: Mapping[str, Any], active: bool) -> str:
    """Say step, rate, time left and memory of the last metric event; of a run at rest the step."""
    parts = [place_words(int(metric.get("step") or 0), int(metric.get("steps") or 0))]
    if not active:
        return parts[0]
    rate, left, memory = (
        metric.get(name) for name in ("images_per_second", "seconds_left", "memory_mb")
    )
    if rate:
        parts.append(f"{float(rate):.3g} images/s")
    if left is not None:
        parts.append(f"{duration_words(float(left))} left")
    if memory:
        parts.append(f"memory {memory_words(float(memory))}")
    return " · ".join(parts)


def status_line(status: RunStatus) -> str:
    """Say state and place of a run in one line: ``Stopped · step 340 of 900``."""
    words = state_words(status.state)
    if status.state in ("queued", "starting", "done") or not status.step:
        return words
    return f"{words} · {place_words(status.step, status.steps)}"


def clock(moment: float) -> str:
    """Time of day of an event."""
    return time.strftime("%H:%M:%S", time.localtime(moment))
