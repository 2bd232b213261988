"""Turn the minutes that a training may take into its number of steps."""

from __future__ import annotations

from collections.abc import Callable

from medssl.pretrain.learner import Learner
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.plan import Plan
from medssl.pretrain.warmup import time_stage
from medssl.processes import number_of_first

RESERVE_SECONDS = 3.0
"""Kept for what follows the last step."""
LINK_AGAIN = 1.5
"""Linking by the net takes this times what was measured before."""
FEWEST_STEPS = 20


def minutes_of(plan: Plan) -> float:
    """Return the minutes that a plan without a number of steps may take."""
    minutes = plan.settings.minutes or plan.recipe.minutes
    assert minutes is not None
    return minutes


def mean_step_seconds(
    learner: Learner, source: BatchSource, first: float, link: Callable[[int], None]
) -> float:
    """Weigh the seconds of a step of each stage by its share of the steps.

    What links by the descriptor is linked now, so that its time counts. A stage that links
    by the net cannot be tried yet: it is taken to be as slow as the slowest other.

    Parameters
    ----------
    learner
        Tries the stages, and is put back as it was.
    source
        Gives a batch.
    first
        Seconds of a step of the first stage.
    link
        Links the images for the stage of a number.
    """
    stages = learner.plan.recipe.stages
    seconds = {0: first}
    for number, stage in enumerate(stages[1:], 1):
        if stage.correspondences != "net":
            link(number)
            seconds[number] = time_stage(learner, source.read(0), number)
    if len(seconds) > 1:
        link(0)
    slowest = max(seconds.values())
    total = sum(stage.share for stage in stages)
    return sum(
        stage.share / total * seconds.get(number, slowest) for number, stage in enumerate(stages)
    )


def steps_in_minutes(plan: Plan, spent: float, link_seconds: float, step_seconds: float) -> int:
    """Return the steps that fit into the minutes of a plan, the same in all processes.

    Parameters
    ----------
    plan
        Tells the minutes, and how often images will be linked by the net.
    spent
        Seconds that are over already.
    link_seconds
        What linking took at most.
    step_seconds
        Mean of a step.
    """
    later = sum(stage.correspondences == "net" for stage in plan.recipe.stages[1:])
    reserved = RESERVE_SECONDS + later * LINK_AGAIN * link_seconds
    left = minutes_of(plan) * 60 - spent - reserved
    return number_of_first(max(1, int(left / step_seconds)))


def describe_steps(minutes: float, steps: int, step_seconds: float) -> str:
    """Say what the minutes became."""
    return f"{minutes:g} minutes are {steps} steps of {step_seconds:.2f} s"


def warn_of_few(minutes: float, steps: int, step_seconds: float) -> str:
    """Say that so few steps teach nothing; empty where there are enough."""
    if steps >= FEWEST_STEPS:
        return ""
    return (
        f"{describe_steps(minutes, steps, step_seconds)} here: too few to learn from. "
        "Give more minutes, prepare the images smaller, or use the model `instant`, which needs "
        "no training."
    )
