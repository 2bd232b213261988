"""What the axis of frames of a DICOM image runs over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from medssl.io.frame_axis import frame_axis

#: What can tell frames apart, with its unit; the first that does is taken.
_TELLING = (
    ("EchoTime", "echo time", "ms"),
    ("EffectiveEchoTime", "echo time", "ms"),
    ("DiffusionBValue", "b-value", "s/mm²"),
    ("TriggerTime", "trigger time", "ms"),
    ("NominalCardiacTriggerDelayTime", "trigger time", "ms"),
    ("FrameReferenceTime", "time", "ms"),
    ("TemporalPositionTimeOffset", "time", "s"),
)
_CLOCKS = ("FrameAcquisitionDateTime", "AcquisitionDateTime", "AcquisitionTime", "ContentTime")


def film_axis(dataset: Dataset, frames: int) -> dict[str, Any]:
    """Axis of a multi-frame film, from its frame times (milliseconds in the file)."""
    rate = _number(dataset.get("RecommendedDisplayFrameRate")) or _number(dataset.get("CineRate"))
    gaps = dataset.get("FrameTimeVector")
    if gaps is not None and not isinstance(gaps, (str, float)) and len(gaps) == frames:
        seconds = np.cumsum([float(gap) for gap in gaps]) / 1000
        return frame_axis("time", "s", seconds - seconds[0], rate or 0.0)
    gap = _number(dataset.get("FrameTime"))
    if gap:
        return frame_axis("time", "s", np.arange(frames) * gap / 1000, rate or 1000 / gap)
    return frame_axis(rate=rate or 0.0)


def stack_axis(headers: Sequence[Dataset]) -> dict[str, Any]:
    """Axis of volumes one after the other; `headers` holds one of each volume."""
    for keyword, name, unit in _TELLING:
        values = [_number(find(header, keyword)) for header in headers]
        known = [value for value in values if value is not None]
        if len(known) == len(values) and len(set(known)) > 1:
            return frame_axis(name, unit, known)
    for keyword in _CLOCKS:
        clock = [_seconds(str(find(header, keyword) or "")) for header in headers]
        times = [value for value in clock if value is not None]
        if len(times) == len(clock) and len(set(times)) > 1:
            return frame_axis("time", "s", np.array(times) - times[0])
    return frame_axis()


def find(header: Dataset, keyword: str) -> Any:
    """Look for an element in a header, and in the sequences of a frame's functional groups."""
    if keyword in header:
        return header.get(keyword)
    for element in header:
        if element.VR == "SQ" and element.value and keyword in element.value[0]:
            return element.value[0].get(keyword)
    return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _seconds(text: str) -> float | None:
    """Seconds of a DICOM time or date with time, from midnight or the first of all days."""
    digits = text.split("+")[0].split("-")[0].strip()
    whole, _, part = digits.partition(".")
    kind = {6: "%H%M%S", 14: "%Y%m%d%H%M%S"}.get(len(whole))
    if kind is None or not whole.isdigit():
        return None
    try:
        at = datetime.strptime(whole, kind)
    except ValueError:
        return None
    fraction = float(f"0.{part}") if part.isdigit() else 0.0
    return (at - datetime(1900, 1, 1)).total_seconds() + fraction
