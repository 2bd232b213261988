"""How a DICOM image wants to be shown: its windows, and which way a film lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from medssl.io.dicom_frames import frame_header

_TO_LETTERS = {"H": "S", "F": "I"}


def windows(dataset: Dataset) -> list[dict[str, Any]]:
    """List the windows of a file: ``centre``, ``width``, ``explanation``; the first leads."""
    holder = frame_header(dataset, "FrameVOILUTSequence")
    centres, widths = (_many(holder.get(key)) for key in ("WindowCenter", "WindowWidth"))
    words = _many(holder.get("WindowCenterWidthExplanation"))
    found = []
    for number, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if not np.isfinite([float(centre), float(width)]).all() or float(width) <= 0:
            continue
        explanation = str(words[number]).strip() if number < len(words) else ""
        found.append({"centre": float(centre), "width": float(width), "explanation": explanation})
    return found


def film_directions(dataset: Dataset) -> list[str]:
    """Where the rows of a film run to and where its columns do, as ``["L", "I"]``; else empty.

    DICOM's head and foot become superior and inferior, as everywhere in medssl.
    """
    given = [str(value) for value in _many(dataset.get("PatientOrientation"))]
    if len(given) != 2 or not all(set(one) <= set("APRLHF") and one for one in given):
        return []
    return ["".join(_TO_LETTERS.get(letter, letter) for letter in one) for one in given]


def _many(value: Any) -> Sequence[Any]:
    if value is None or value == "":
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    return (value,)
