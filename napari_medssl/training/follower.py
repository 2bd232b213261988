"""Follows one run folder: reads what is new, keeps what a window shows of it.

A follower belongs to one background thread; what it gives is never changed afterwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_medssl.training.preview import Preview, read_preview
from napari_medssl.training.words import clock, state_words

if TYPE_CHECKING:
    from medssl.runs import Curve, RunStatus

Points = tuple[NDArray[np.int64], NDArray[np.float64]]
LOG_LINES = 200
_BLOCK_BYTES = 1 << 18
_BLOCKS_A_LOOK = 16
_STDERR_BYTES = 4000
_NO_CURVE = {"t", "kind", "step", "steps", "stage", "seconds", "seconds_left", "memory_mb"}
_NO_LOSS = {
    "lr",
    "images_per_second",
    "spread",
    "image_spread",
    "key_similarity",
    "positive_similarity",
    "effective_clusters",
    "skipped_steps",
    "waiting_share",
    "pixel_entropy",
}


@dataclass(frozen=True)
class Snapshot:
    """What is known of a run at one moment.

    Parameters
    ----------
    path
        The run folder.
    status
        Its state.
    metric
        The last metric event.
    curves
        Steps and values of everything that was told of by number, losses first.
    lines
        The tail of its log.
    preview
        The newest preview.
    progress
        Done, total and words of what it does before it learns.
    behind
        Whether there is more to read at once.
    gone
        Whether the folder is no longer there.
    """

    path: Path
    status: RunStatus
    metric: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Points] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    preview: Preview | None = None
    progress: tuple[int, int, str] | None = None
    behind: bool = False
    gone: bool = False


def is_loss(name: str) -> bool:
    """Whether a curve is a loss, and not a rate or a measure."""
    return name not in _NO_LOSS


class RunFollower:
    """Reads a run folder by offset.

    Parameters
    ----------
    path
        The run folder.
    """

    def __init__(self, path: Path) -> None:
        from medssl.runs import EventReader

        self.path = path
        self._reader = EventReader(path)
        self._restarts = 0
        self._curves: dict[str, Curve] = {}
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._last: Snapshot | None = None
        self._metric: dict[str, Any] = {}
        self._progress: tuple[int, int, str] | None = None
        self._preview: Preview | None = None
        self._preview_due = False

    def look(self) -> Snapshot | None:
        """Read what is new; None where nothing changed."""
        from medssl.runs import ACTIVE_STATES, read_status, summarise

        new, behind = self._read()
        status = read_status(self.path)
        if status.state not in ACTIVE_STATES:
            status = summarise(self.path).status  # it also looks at the request
        status = replace(status, heartbeat_age=None)
        gone = not self.path.is_dir()
        before = self._last
        if before is not None and not new and (before.status, before.gone) == (status, gone):
            return None
        if before is None or status.state != before.status.state:
            self._explain(status)
        self._last = Snapshot(
            self.path,
            status,
            dict(self._metric),
            {name: (curve.steps, curve.values) for name, curve in self._curves.items()},
            tuple(self._lines),
            self._preview,
            self._progress,
            behind,
            gone,
        )
        return self._last

    def _read(self) -> tuple[bool, bool]:
        """Take in what was appended: whether there was any, and whether there is more."""
        new = self._preview_due
        behind = False
        for _ in range(_BLOCKS_A_LOOK):
            before = self._reader.offset
            events = self._reader.read(_BLOCK_BYTES)
            if self._reader.restarts != self._restarts:
                self._forget()
            for event in events:
                self._take(event)
            new = new or self._reader.offset != before
            behind = self._reader.offset - before > _BLOCK_BYTES // 2
            if not behind:
                break
        if self._preview_due:
            found = read_preview(self.path)
            if found is not None:
                self._preview, self._preview_due = found, False
        return new, behind

    def _forget(self) -> None:
        """Begin anew: the events were written anew."""
        self._restarts = self._reader.restarts
        self._curves.clear()
        self._lines.clear()
        self._metric, self._progress = {}, None

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == "metric":
            self._take_metric(event)
        elif kind == "preview":
            self._preview_due = True
        elif kind == "progress":
            words = str(event.get("message", ""))
            self._progress = (_whole(event.get("done")), _whole(event.get("total")), words)
        elif kind == "state":
            self._progress = None
            self._log(event, state_or_raw(str(event.get("state", ""))))
        elif kind in ("log", "forecast"):
            self._log(event, str(event.get("message", "")))
        elif kind == "error":
            parts = (str(event.get(name) or "") for name in ("message", "remedy"))
            self._log(event, " ".join(part for part in parts if part))

    def _take_metric(self, event: dict[str, Any]) -> None:
        from medssl.runs import Curve

        self._metric = self._metric | event
        self._progress = None
        step = _whole(event.get("step"))
        for name, value in event.items():
            if name in _NO_CURVE or isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if name not in self._curves:
                self._curves[name] = Curve()
            self._curves[name].add(step, float(value))

    def _log(self, event: dict[str, Any], words: str) -> None:
        moment = event.get("t")
        stamp = clock(float(moment)) if isinstance(moment, int | float) else "--:--:--"
        self._lines.append(f"{stamp}  {words}")

    def _explain(self, status: RunStatus) -> None:
        """Show what a process that failed or vanished wrote last."""
        if status.state not in ("failed", "lost"):
            return
        try:
            text = (self.path / "stderr.log").read_bytes()[-_STDERR_BYTES:]
        except OSError:
            return
        self._lines.extend(line for line in text.decode(errors="replace").splitlines()[-20:])


def state_or_raw(state: str) -> str:
    """Say a state; one that is not known as it is."""
    try:
        return state_words(state)  # type: ignore[arg-type]
    except KeyError:
        return state


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0
