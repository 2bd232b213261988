"""What the first steps of a stage took, told as a forecast of the rest."""

from __future__ import annotations

from statistics import median

import torch

from medssl.memory import forget_peak, peak_memory_mb
from medssl.runs import RunFolder

FIRST_STEPS = 6


class Measured:
    """Times the first steps of each stage and tells once what they mean for the whole.

    Parameters
    ----------
    folder
        The run folder, which gets an event of kind ``forecast``.
    device
        Whose memory is told.
    """

    def __init__(self, folder: RunFolder, device: torch.device) -> None:
        self.folder = folder
        self.device = device
        self._seconds: list[float] = []
        forget_peak(device)

    def begin(self) -> None:
        """Begin a stage, or go on after a pause."""
        self._seconds.clear()

    def step(self, seconds: float, done: int, steps: int, spent: float) -> None:
        """Take note of a step; after the first few the forecast is written.

        Parameters
        ----------
        seconds
            What the step took.
        done, steps
            Steps that are done, and all.
        spent
            Seconds of training so far.
        """
        if len(self._seconds) == FIRST_STEPS:
            return
        self._seconds.append(seconds)
        if len(self._seconds) < FIRST_STEPS:
            return
        usual, memory = median(self._seconds[1:]), peak_memory_mb(self.device)
        self.folder.event(
            "forecast",
            basis="measured now",
            step=done,
            steps=steps,
            seconds=round(spent + (steps - done) * usual, 1),
            step_seconds=round(usual, 4),
            memory_mb=memory,
            message=f"measured: {usual:.2f} s a step, {memory} MiB of memory",
        )
