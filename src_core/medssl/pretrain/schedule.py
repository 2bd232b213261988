"""The learning rate at each step."""

from __future__ import annotations

import math

from medssl.pretrain.recipe import Schedule


def rate_factor(schedule: Schedule, step: int, steps: int) -> float:
    """Return the learning rate of a step (0-based) as a share of the highest.

    Examples
    --------
    >>> rate_factor(Schedule(kind="halving", warmup_steps=0, halve_every=10), 25, 100)
    0.25
    """
    warmup = min(schedule.warmup_steps, steps // 4)
    rise = min(1.0, (step + 1) / (warmup + 1))
    if schedule.kind == "halving":
        return rise * 0.5 ** (step // schedule.halve_every)
    wave = 0.5 * (1 + math.cos(math.pi * step / max(1, steps)))
    return rise * (schedule.final + (1 - schedule.final) * wave)
