"""What a training leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medssl.runs import RunFolder


@dataclass(frozen=True)
class RunResult:
    """What a training leaves.

    Parameters
    ----------
    model_folder
        Folder of the trained model.
    steps
        Steps taken in all.
    seconds
        Seconds of training, those of earlier attempts included.
    history
        Metrics by time: dictionaries with ``step``, ``loss``, ``lr``, ...
    warnings
        What a person must know, a collapse for example.
    waiting_share
        Share of the seconds that the training waited for its data; None of a run that was made
        before this was told.
    """

    model_folder: Path
    steps: int
    seconds: float
    history: list[dict[str, Any]] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    waiting_share: float | None = None


def is_done(folder: RunFolder) -> bool:
    """Whether a training came to its end and its model is there."""
    states = [event.get("state") for event in folder.events() if event["kind"] == "state"]
    return bool(states) and states[-1] == "done" and (folder.model / "model.json").is_file()


def read_result(folder: RunFolder) -> RunResult:
    """Read what a training that is done left."""
    events = folder.events()
    history = [event for event in events if event["kind"] == "metric" and "loss" in event]
    warnings = dict.fromkeys(e["message"] for e in events if e.get("level") == "warning")
    end = next(event for event in reversed(events) if event.get("state") == "done")
    return RunResult(
        folder.model,
        int(end["step"]),
        float(end["seconds"]),
        history,
        tuple(warnings),
        end.get("waiting_share"),
    )
