"""What a training tells while it runs: metrics, rate, time left, and what goes wrong."""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

import psutil
import torch
from torch import Tensor

from medssl.pretrain.cluster_watch import ClusterWatch
from medssl.pretrain.spread_watch import SpreadWatch
from medssl.runs import RunFolder

RECENT_EVENTS = 20


class _Moment(NamedTuple):
    """Steps done at a time, and seconds waited for data until then."""

    done: int
    time: float
    waited: float


class Report:
    """Writes metric events and watches them.

    Parameters
    ----------
    folder
        The run folder.
    device
        Whose memory is told.
    images_a_step
        Images that all processes draw in a step.
    """

    def __init__(self, folder: RunFolder, device: torch.device, images_a_step: int) -> None:
        self.folder = folder
        self.device = device
        self.images_a_step = images_a_step
        self.steps = 0
        self.history: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self.clusters: ClusterWatch | None = None
        self.spread: SpreadWatch | None = None
        self._recent: list[_Moment] = []

    def step(
        self,
        done: int,
        seconds: float,
        stage: str,
        loss: Tensor,
        metrics: dict[str, Tensor],
        lr: float,
        skipped: int = 0,
        taken: bool = True,
        waited: float = 0.0,
    ) -> str:
        """Write the event of a step; returns the line for the progress display.

        What is no finite number is not told; the loss of a step that was not taken is None.

        Parameters
        ----------
        done, seconds, stage
            Where the training is.
        loss, metrics, lr
            Of the step.
        skipped, taken
            Steps that were skipped in all, and whether this one was taken.
        waited
            Seconds that the training has waited for its data.
        """
        value = float(loss)
        known = {name: float(metric) for name, metric in metrics.items()}
        numbers = {name: round(v, 5) for name, v in known.items() if math.isfinite(v)}
        if skipped:
            numbers["skipped_steps"] = skipped
        rate, waiting = self._recently(_Moment(done, time.monotonic(), waited))
        event = {
            "step": done,
            "steps": self.steps,
            "stage": stage,
            "loss": round(value, 5) if taken else None,
            "lr": lr,
            **numbers,
            "images_per_second": round(rate, 2) if rate else None,
            "waiting_share": waiting,
            "seconds": round(seconds, 2),
            "seconds_left": self._seconds_left(done, rate),
            "memory_mb": self._memory_mb(),
        }
        self.history.append(event)
        self.folder.event("metric", **event)
        for watch in (self.spread, self.clusters):
            for text in watch.see(done, numbers) if watch else ():
                self.warn(text)
        words = f"loss {value:.3f}" if taken else "step skipped"
        return words + (f", {rate:.1f} images/s" if rate else "")

    def warn(self, text: str) -> None:
        """Say what a person must know."""
        self.warnings.append(text)
        self.folder.event("log", level="warning", message=text)

    def forget_rate(self) -> None:
        """Start measuring the rate anew, after a pause."""
        self._recent.clear()

    def _recently(self, now: _Moment) -> tuple[float | None, float | None]:
        """Images a second, and share of the time that was waited, over the recent events."""
        self._recent = [*self._recent[-RECENT_EVENTS:], now]
        then = self._recent[0]
        took = now.time - then.time
        if took <= 0:
            return None, None
        rate = (now.done - then.done) * self.images_a_step / took
        return rate, round((now.waited - then.waited) / took, 4)

    def _seconds_left(self, done: int, rate: float | None) -> float | None:
        return round((self.steps - done) * self.images_a_step / rate, 1) if rate else None

    def _memory_mb(self) -> int:
        if self.device.type == "cuda":
            return int(torch.cuda.max_memory_allocated(self.device)) >> 20
        return int(psutil.Process().memory_info().rss) >> 20
