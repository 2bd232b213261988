"""What is done when the memory is full."""

from __future__ import annotations

import gc

import torch

from medssl.pretrain.learner import Learner
from medssl.pretrain.loader import BatchSource
from medssl.processes import process_count

_SAID_BY_TORCH = ("allocate memory", "could not create a primitive")


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that the memory is full."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID_BY_TORCH)
    )


def lack_of_memory(learner: Learner, source: BatchSource, number: int) -> str:
    """Say that the memory is too small for a step of a stage, and which batch would fit.

    It is tried out, but not with several processes: a step needs all of them.
    """
    plan = learner.plan
    size = " × ".join(map(str, plan.canvas))
    problem = f"the memory is too small for {plan.recipe.batch} images of {size} a step"
    if process_count() > 1:
        return f"{problem} and process. Start a new run with a smaller batch."
    batch = _largest_that_fits(learner, source, number)
    if batch:
        return f"{problem}. A batch of {batch} fits: start a new run with it {where_to_set(batch)}."
    return f"{problem}, and for fewer too. Close other programs, or prepare the images smaller."


def where_to_set(batch: int) -> str:
    """Say where a person sets the batch."""
    return f"(window: Advanced, Batch; command line: --batch {batch})"


def _largest_that_fits(learner: Learner, source: BatchSource, number: int) -> int:
    """Try ever smaller batches and return the largest that fits; 0 if none does."""
    pairs = learner.plan.recipe.stages[number].views.kind == "pairs"
    least = 2 if pairs or source.partners is not None else 1
    batch = source.batch // 2
    while batch >= least:
        batch -= batch % least
        gc.collect()
        smaller = BatchSource(source.cases, source.canvas, batch, source.seed)
        smaller.partners, smaller.words = source.partners, source.words
        try:
            torch.autograd.backward(learner.loss(number, smaller.read(0), 0)[0])
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        else:
            return batch
        finally:
            learner.optimiser.zero_grad(set_to_none=True)
        batch //= 2
    return 0
