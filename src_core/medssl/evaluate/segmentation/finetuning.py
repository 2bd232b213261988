"""Few labels by fine-tuning of a whole net, or of a control's."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from medssl.devices import choose_device
from medssl.evaluate.segmentation.methods import Answer
from medssl.evaluate.segmentation.unet import DEEPEST_STRIDE, RATE, PlainUNet
from medssl.prepare import Case
from medssl.progress import Progress, silent
from medssl.segment.clusters import expected_dice
from medssl.transfer import Base, FinetuneSettings, MaskFiles, TrainedSegmenter
from medssl.transfer.nets import TransferNet
from medssl.transfer.segment import begin_segmenter, teach_segmenter
from medssl.transfer.training import build_on

CERTAIN = 0.5
TIMED_STEPS = 5
"""Steps that are timed; the fastest of them counts."""


@dataclass(frozen=True)
class Start:
    """What is trained.

    Parameters
    ----------
    begin
        Builds the net for a number of structures, the same each time.
    deepest_stride, channels
        Of the net.
    settings
        How it learns.
    """

    begin: Callable[[int], TransferNet]
    deepest_stride: int
    channels: int
    settings: FinetuneSettings

    def teach(
        self, shots: Sequence[Case], masks: MaskFiles, steps: int, progress: Progress
    ) -> TrainedSegmenter:
        """Train for a number of steps."""
        settings = self.settings.model_copy(update={"steps": steps})
        net = self.begin(len(masks.names))
        return teach_segmenter(
            net, shots, masks, self.deepest_stride, self.channels, settings, progress
        )


def base_start(base: Base, settings: FinetuneSettings) -> Start:
    """Begin with a model's net, or with the same net and random weights."""
    plan = base.architecture
    return Start(
        lambda outputs: begin_segmenter(plan, outputs, base.net, settings),
        plan.deepest_stride,
        plan.in_channels,
        settings,
    )


def plain_start(ndim: Literal[2, 3], settings: FinetuneSettings) -> Start:
    """Begin with the control, at a rate of its own."""
    slower = settings.model_copy(update={"lr": RATE})
    device = choose_device(settings.device)
    return Start(
        lambda outputs: build_on(device, settings.seed, lambda: PlainUNet(ndim, outputs)),
        DEEPEST_STRIDE[ndim],
        1,
        slower,
    )


class FinetuneMethod:
    """Fine-tuning with Dice and cross-entropy.

    Parameters
    ----------
    start
        What it begins with, and how it learns.
    seconds
        Time to learn; None: the steps of the settings.
    """

    def __init__(self, start: Start, seconds: float | None = None) -> None:
        self._start = start
        self._seconds = seconds
        self._trained: TrainedSegmenter | None = None

    def learn(self, shots: Sequence[Case], masks: MaskFiles, progress: Progress) -> dict[str, Any]:
        """Fine-tune on the shots alone."""
        steps = self._start.settings.steps
        if self._seconds is not None:
            steps = self._steps_within(self._seconds, shots, masks)
        begun = time.perf_counter()
        self._trained = self._start.teach(shots, masks, steps, progress)
        return {
            "learner": "finetune",
            "steps": steps,
            "training_seconds": round(time.perf_counter() - begun, 2),
            "transferred": len(self._trained.net.transferred),
            "losses": self._trained.losses,
        }

    def predict(self, case: Case) -> Answer:
        """Segment an image on its own grid."""
        assert self._trained is not None
        given = self._trained.predict(case)
        return Answer({"finetune": given > CERTAIN}, [expected_dice(one) for one in given])

    def _steps_within(self, seconds: float, shots: Sequence[Case], masks: MaskFiles) -> int:
        """Time a training that is thrown away; all of its layers learn."""
        times: list[float] = []
        settings = self._start.settings.model_copy(update={"frozen_share": 0.0})
        trial = Start(self._start.begin, self._start.deepest_stride, self._start.channels, settings)
        trial.teach(shots, masks, TIMED_STEPS, _stamp(times, _clock(settings.device)))
        fastest = min(end - begin for begin, end in itertools.pairwise(times))
        # A batch of settling goes forward only: half of a step, at most.
        settles = self._start.begin(len(masks.names)).norms_to_settle()
        settling = settings.settle / 2 if settles else 0
        return max(2, math.floor(seconds / fastest - settling))


def _clock(device: str) -> Callable[[], float]:
    """Return a clock that other work on the same processor does not slow down."""
    if choose_device(device).type != "cpu":
        return time.perf_counter
    threads = torch.get_num_threads()
    return lambda: time.process_time() / threads


def _stamp(times: list[float], clock: Callable[[], float]) -> Progress:
    def stamp(done: int, total: int, message: str) -> None:
        silent(done, total, message)
        times.append(clock())

    return stamp
