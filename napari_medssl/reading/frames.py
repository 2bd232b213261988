"""The axis of frames of a layer: its name, the value of each frame, how fast it plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_RATE = 10.0  # frames a second, where the file names none
_SLOWEST, _FASTEST = 1.0, 30.0


@dataclass(frozen=True)
class Frames:
    """What is known of the frames.

    Parameters
    ----------
    number
        How many there are.
    name, unit
        What the axis runs over.
    values
        Its value at each frame; empty where not known.
    rate
        Frames a second to play them at.
    """

    number: int
    name: str = "frame"
    unit: str = ""
    values: tuple[float, ...] = ()
    rate: float = _RATE

    def words(self, index: int) -> str:
        """Say where frame `index` lies: ``"3 of 20 · time 4.0 s"``."""
        place = f"{index + 1} of {self.number}"
        if not 0 <= index < len(self.values):
            return place
        number = f"{self.values[index]:.4g}".replace("-", "−")
        return f"{place} · {self.name} {number} {self.unit}".rstrip()


def frames_of(known: dict[str, Any] | None, shape: tuple[int, ...]) -> Frames | None:
    """Frames of one of our layers, None for an image without."""
    if known is None or not str(known.get("axes", "")).startswith("t") or shape[0] < 2:
        return None
    said = known.get("header", {}).get("frames") or {}
    values = tuple(float(value) for value in said.get("values", ()))
    rate = float(said.get("rate") or 0) or _RATE
    return Frames(
        int(shape[0]),
        str(said.get("name") or "frame"),
        str(said.get("unit") or ""),
        values if len(values) == shape[0] else (),
        min(max(rate, _SLOWEST), _FASTEST),
    )
