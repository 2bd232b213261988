"""What the first axis of a series of frames runs over: time, echoes, b-values.

The answer lies in ``Image.metadata["frames"]`` as plain values: ``name``, ``unit``, ``values``
(one a frame, empty where they are not known) and ``rate`` (frames a second to play it at, 0 where
the file does not say).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_FASTEST = 100.0  # frames a second; more is a wrong header


def frame_axis(
    name: str = "frame", unit: str = "", values: Iterable[float] = (), rate: float = 0.0
) -> dict[str, Any]:
    """Put together what ``metadata["frames"]`` holds."""
    return {
        "name": name,
        "unit": unit,
        "values": [round(float(v), 6) for v in values],
        "rate": float(rate) if 0 < rate <= _FASTEST else 0.0,
    }
