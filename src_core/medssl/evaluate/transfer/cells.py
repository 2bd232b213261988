"""One cell of the table: a method, a number of labels, a seed; kept so that none is done twice."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medssl.errors import StorageError
from medssl.evaluate.transfer.methods import Start
from medssl.evaluate.transfer.task import Floats, Task
from medssl.progress import Progress
from medssl.transfer import FinetuneSettings


@dataclass(frozen=True)
class Cell:
    """What one fine-tuning reached.

    Parameters
    ----------
    method, labelled, seed
        Which cell it is.
    scores
        ``(N, K)`` of the tested images.
    learned_from
        Number of labelled images.
    seconds
        Of fine-tuning and prediction.
    """

    method: str
    labelled: str
    seed: int
    scores: Floats
    learned_from: int
    seconds: float


def fill_cell(
    task: Task,
    start: Start,
    labelled: tuple[str, Sequence[str]],
    tested: Sequence[str],
    settings: FinetuneSettings,
    folder: Path,
    progress: Progress,
) -> Cell:
    """Fine-tune and score, or read what was reached before by the same.

    Parameters
    ----------
    task, start
        What is learned, and from what.
    labelled
        How many, in words, and which.
    tested
        The images that are scored.
    settings
        Of the fine-tuning; its seed is the cell's.
    folder
        Where cells are kept.
    progress
        Told of each step; may raise `Cancelled`: finished cells stay.

    Raises
    ------
    StorageError
        If the cell cannot be written.
    """
    amount, keys = labelled
    digest = _digest(task, start, keys, tested, settings)
    name = f"{task.name}-{start.name}-{amount}-{settings.seed}-{digest}.json"
    path = folder / name.replace(":", "_").replace("%", "pc").replace("/", "_")
    kept = _read(path, len(tested))
    if kept is None:
        begun = time.monotonic()
        _, score = task.fit(start, keys, settings, progress)
        scores = score(tested, progress)
        kept = scores.round(5), round(time.monotonic() - begun, 1)
        _write(path, *kept)
    return Cell(start.name, amount, settings.seed, kept[0], len(keys), kept[1])


def _digest(
    task: Task,
    start: Start,
    keys: Sequence[str],
    tested: Sequence[str],
    settings: FinetuneSettings,
) -> str:
    """Hash of everything that the scores follow from."""
    whole = {
        "task": task.describe(),
        "images": task.images.fingerprint,
        "net": start.architecture.model_dump(mode="json"),
        "weights": start.identity,
        "learned from": list(keys),
        "tested": list(tested),
        "settings": settings.model_dump(mode="json", exclude={"device"}),
    }
    text = json.dumps(whole, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _read(path: Path, count: int) -> tuple[Floats, float] | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        scores = np.array(values["scores"], np.float64)
        seconds = float(values["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (scores, seconds) if len(scores) == count else None


def _write(path: Path, scores: Floats, seconds: float) -> None:
    rows = [
        [None if np.isnan(value) else round(float(value), 5) for value in row] for row in scores
    ]
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps({"seconds": seconds, "scores": rows}), "utf-8")
        partial.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path}: the cell cannot be written ({error.strerror or error}). Free some space and "
            "give the same command again: finished cells stay."
        ) from error
