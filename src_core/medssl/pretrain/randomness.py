"""Where everything random in a training comes from: the seed and the step."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed the global random states: nothing of ours draws from them, an objective may."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the global state is what is seeded
    torch.manual_seed(seed)


def view_seed(seed: int, step: int) -> int:
    """Return the seed of all views of a step, in all processes: each image adds its number."""
    return (seed << 40) + step
