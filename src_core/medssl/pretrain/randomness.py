"""Where everything random in a training comes from: the seed, the step and the process."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed the global random states: nothing of ours draws from them, an objective may."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the global state is what is seeded
    torch.manual_seed(seed)


def view_seed(seed: int, step: int, process: int) -> int:
    """Return the seed of the views that a process makes in a step."""
    return ((seed * 1_000_003 + step) * 4099 + process) % 2**63
