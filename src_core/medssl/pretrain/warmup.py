"""Find out, before the first step, whether the compiled net runs and how long a step takes."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import Any

import torch

from medssl.pretrain.hardware import choose_hardware
from medssl.pretrain.learner import Learner
from medssl.views.batch import ImageBatch

TIMED_STEPS = 5
PREPARING_STEPS = 2
MOST_SECONDS = 4.0
"""No further step is tried after these: a short training has no time to lose."""


@dataclass(frozen=True)
class WarmUp:
    """What the first steps showed.

    Parameters
    ----------
    notes
        What was fallen back from, in words.
    step_seconds
        Seconds a step; 0 where it was not measured.
    """

    notes: tuple[str, ...]
    step_seconds: float


def first_steps(learner: Learner, batch: ImageBatch, timed: bool) -> WarmUp:
    """Try the first stage on a batch, and put net and optimiser back as they were.

    Where the compiled net does not run, the learner computes with the plain one from then on,
    in the number format that suits it.

    Parameters
    ----------
    learner
        Changed and restored; its hardware says whether the net is to be compiled.
    batch
        Any batch of the training.
    timed
        Whether to measure the time of a step.
    """
    kept = _keep(learner)
    stage = learner.plan.recipe.stages[0]
    notes: tuple[str, ...] = ()
    try:
        learner.enter(stage)
        if learner.hardware.compiled:
            _steps(learner, batch, 1)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, OSError, ImportError, AssertionError) as error:
        if not learner.hardware.compiled:
            raise
        notes = _fall_back(learner, error)
        learner.enter(stage)
    seconds = _time(learner, batch, 0) if timed else 0.0
    _put_back(learner, kept)
    return WarmUp(notes, seconds)


def time_stage(learner: Learner, batch: ImageBatch, number: int) -> float:
    """Measure the seconds of a step of a stage, and put net and optimiser back as they were."""
    kept = _keep(learner)
    learner.enter(learner.plan.recipe.stages[number])
    seconds = _time(learner, batch, number)
    _put_back(learner, kept)
    return seconds


def _keep(learner: Learner) -> dict[str, Any]:
    return copy.deepcopy({name: m.state_dict() for name, m in learner.modules.items()})


def _put_back(learner: Learner, weights: dict[str, Any]) -> None:
    """Put all back: warming up comes before the first step, when no optimiser has a state."""
    for name, module in learner.modules.items():
        module.load_state_dict(weights[name])
    for optimiser in learner.optimisers.values():
        optimiser.zero_grad(set_to_none=True)
        optimiser.state.clear()


def _time(learner: Learner, batch: ImageBatch, number: int) -> float:
    _steps(learner, batch, PREPARING_STEPS, number)
    return _steps(learner, batch, TIMED_STEPS, number)


def _fall_back(learner: Learner, error: Exception) -> tuple[str, ...]:
    """Let the learner compute without compilation; returns what to say."""
    text = str(error).strip()
    problem = text.splitlines()[0][:300] if text else repr(error)
    precision = learner.plan.settings.precision
    learner.hardware = choose_hardware(learner.hardware.device, precision, compiled=False)
    return (f"the net is not compiled: {problem}", *learner.hardware.notes)


def _steps(learner: Learner, batch: ImageBatch, count: int, number: int = 0) -> float:
    """Take steps, fewer where they are slow; returns the median of their seconds."""
    seconds: list[float] = []
    for seed in range(count):
        if sum(seconds) > MOST_SECONDS:
            break
        start = time.perf_counter()
        loss, _ = learner.step(number, batch, seed, lr=0.0)
        float(loss)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 2]
