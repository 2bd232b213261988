"""What a training leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


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
    """

    model_folder: Path
    steps: int
    seconds: float
    history: list[dict[str, Any]] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
