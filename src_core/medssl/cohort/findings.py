"""Labels, segmentations, second readings and model runs as they are handed out and taken in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from medssl.cohort.records import Kind, Source

What = Literal["points", "labels", "segmentations"]


@dataclass(frozen=True)
class NewLabel:
    """What is known of a whole image, to be stored.

    Parameters
    ----------
    case_key
        Which case.
    name
        What it is about: ``"finding"``, ``"side"``, the name of a disease.
    value
        What it is: the name of a class, or ``"1"`` and ``"0"`` of a disease.
    source, confidence, model, author
        As of a point (`NewPoint`).
    """

    case_key: str
    name: str
    value: str
    source: Source = "manual"
    confidence: float | None = None
    model: str | None = None
    author: str | None = None


class Label(NamedTuple):
    """A stored label of an image; `time` is when it was stored, UTC, ISO 8601."""

    case_key: str
    name: str
    kind: Kind
    value: str
    source: Source
    confidence: float | None
    model: str | None
    author: str | None
    time: str


class SegmentationRecord(NamedTuple):
    """A stored segmentation: `file` lies in the cohort's folder, `segments` are the names.

    `confidence` is that of a prediction, from 0 to 1, where one is known.
    """

    case_key: str
    name: str
    kind: Kind
    file: Path
    fingerprint: str
    segments: tuple[str, ...]
    source: Source
    model: str | None
    author: str | None
    time: str
    confidence: float | None = None


class Alternative(NamedTuple):
    """What another annotator said where the cohort holds something else.

    `name` is the landmark, label or segmentation; `origin` says where it came from; `mark`
    tells it from other ones of the same place; `found` is the row as it would be stored.
    """

    what: What
    case_key: str
    name: str
    mark: str
    origin: str
    author: str | None
    time: str
    found: tuple[Any, ...]


@dataclass(frozen=True)
class ModelRun:
    """One run of a model over the cohort.

    Parameters
    ----------
    verb
        What was done: ``"landmarks"``, ``"predict"``, ``"import"``.
    model
        Name of the model, as the predictions bear it.
    fingerprint
        Fingerprint of the model, or an empty text.
    place
        Model folder, run folder or file that the predictions came from, or an empty text.
    settings
        What it was asked to do, as plain values.
    results
        Number of predictions stored.
    time
        When it was stored, UTC, ISO 8601; given by the cohort.
    """

    verb: str
    model: str
    fingerprint: str = ""
    place: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    results: int = 0
    time: str = ""
