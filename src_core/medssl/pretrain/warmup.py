"""Find out, before the first step, whether the compiled net runs and how long a step takes."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass

import torch

from medssl.pretrain.learner import Learner
from medssl.views.batch import ImageBatch

TIMED_STEPS = 5
PREPARING_STEPS = 2


@dataclass(frozen=True)
class WarmUp:
    """What the first steps showed.

    Parameters
    ----------
    compiled
        Whether the net runs compiled.
    problem
        Why it does not although it should; else empty.
    step_seconds
        Seconds a step; 0 where it was not measured.
    """

    compiled: bool
    problem: str
    step_seconds: float


def first_steps(learner: Learner, batch: ImageBatch, compiled: bool, timed: bool) -> WarmUp:
    """Try the first stage on a batch, and put net and optimiser back as they were.

    Parameters
    ----------
    learner
        Changed and restored.
    batch
        Any batch of the training.
    compiled
        Whether the net shall be compiled. Where that fails it runs as it is.
    timed
        Whether to measure the time of a step.
    """
    weights = copy.deepcopy(learner.net.state_dict())
    stage = learner.plan.recipe.stages[0]
    problem = ""
    try:
        learner.enter(stage, compiled)
        if compiled:
            _steps(learner, batch, 1)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, OSError, ImportError) as error:
        if not compiled:
            raise
        problem = str(error).strip().splitlines()[0][:300] if str(error).strip() else repr(error)
        compiled = False
        learner.enter(stage, compiled)
    seconds = 0.0
    if timed:
        _steps(learner, batch, PREPARING_STEPS)
        seconds = _steps(learner, batch, TIMED_STEPS)
    learner.net.load_state_dict(weights)
    learner.optimiser.zero_grad(set_to_none=True)
    learner.optimiser.state.clear()
    return WarmUp(compiled, problem, seconds)


def _steps(learner: Learner, batch: ImageBatch, count: int) -> float:
    """Take steps; returns the median of their seconds."""
    seconds = []
    for seed in range(count):
        start = time.perf_counter()
        loss, _ = learner.step(0, batch, seed, lr=0.0)
        float(loss)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 2]
