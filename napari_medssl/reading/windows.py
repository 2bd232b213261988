"""Windows to show grey values with: those of CT, those of the file, percentiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SAMPLE = 200_000
_SHARES = (1.0, 99.0)


@dataclass(frozen=True)
class Window:
    """A named window.

    Parameters
    ----------
    key
        What kind it is, the same for every image: ``"bone"``, ``"file 1"``, ``"full"``.
    name
        What stands on its button.
    width, level
        In pixel values.
    words
        What it is, for the tooltip.
    """

    key: str
    name: str
    width: float
    level: float
    words: str

    @property
    def limits(self) -> tuple[float, float]:
        """Darkest and brightest value."""
        return self.level - self.width / 2, self.level + self.width / 2


#: The windows of CT, in Hounsfield units.
CT_WINDOWS = (
    Window("brain", "Brain", 100, 50, "Brain: width 100, level 50 HU"),
    Window("abdomen", "Abdomen", 350, 40, "Abdomen: width 350, level 40 HU"),
    Window("bone", "Bone", 1000, 400, "Bone: width 1000, level 400 HU"),
    Window("lung", "Lung", 1400, -500, "Lung: width 1400, level −500 HU"),
)


def is_hounsfield(known: dict[str, Any] | None) -> bool:
    """Whether the values of one of our layers are Hounsfield units.

    They are where the rescale type says so, or in CT without another rescale type; or where a
    person said so (``"hounsfield"``), since most formats cannot.
    """
    if known is None:
        return False
    if known.get("hounsfield") is not None:
        return bool(known["hounsfield"])
    kind = str(known.get("header", {}).get("RescaleType") or "").upper()
    return kind == "HU" or (known.get("modality") == "CT" and kind in ("", "US"))


def file_windows(known: dict[str, Any] | None) -> list[Window]:
    """Windows that the file itself asks for."""
    if known is None:
        return []
    listed = known.get("header", {}).get("windows") or []
    if not listed and known.get("window") is not None:
        centre, width = known["window"]
        listed = [{"centre": centre, "width": width, "explanation": ""}]
    found: list[Window] = []
    for one in listed:
        if any((one["width"], one["centre"]) == (w.width, w.level) for w in found):
            continue
        explanation = one["explanation"]
        if explanation.upper() in ("LINEAR", "WINDOW", f"WINDOW{len(found) + 1}"):
            explanation = ""
        name = explanation.capitalize() if explanation.isupper() else explanation
        words = f"The file's own: width {one['width']:g}, level {one['centre']:g}"
        number = len(found) + 1
        found.append(
            Window(
                f"file {number}",
                name or ("File" if len(listed) == 1 else f"File {number}"),
                one["width"],
                one["centre"],
                f"{words} ({explanation})" if explanation else words,
            )
        )
    return found


def percentile_windows(array: Any) -> list[Window]:
    """Windows from the values themselves: from the lowest to the highest, and without the tails."""
    sample = _sample(array)
    if sample.size == 0:
        return []
    low, high = float(sample.min()), float(sample.max())
    lower, upper = (float(v) for v in np.percentile(sample, _SHARES))
    return [
        _between("full", "Full", low, high, "From the lowest to the highest value"),
        _between("middle", "1–99 %", lower, upper, "Without the lowest and the highest hundredth"),
    ]


def offered(known: dict[str, Any] | None, array: Any) -> list[Window]:
    """All windows that make sense for a layer, the file's first."""
    ct = list(CT_WINDOWS) if is_hounsfield(known) else []
    return [*file_windows(known), *ct, *percentile_windows(array)]


def unit(known: dict[str, Any] | None) -> str:
    """Give the unit of the grey values, empty where there is none."""
    if is_hounsfield(known):
        return "HU"
    kind = str((known or {}).get("header", {}).get("RescaleType") or "")
    return "" if kind.upper() in ("", "US", "HU", "NORMALIZED") else kind


def _between(key: str, name: str, low: float, high: float, words: str) -> Window:
    return Window(key, name, max(high - low, 1e-6), (low + high) / 2, words)


def _sample(array: Any) -> NDArray[np.float64]:
    """Take a part of the values, evenly spread, so that large volumes are no slower."""
    step = max(1, round((array.size / _SAMPLE) ** (1 / max(array.ndim, 1))))
    values = np.asarray(array[tuple(slice(None, None, step) for _ in array.shape)], float).ravel()
    return np.asarray(values[np.isfinite(values)])
