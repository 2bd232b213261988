"""Scores and places of lesions as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_medssl.layers import Display

if TYPE_CHECKING:
    from medssl.lesions import Region
    from napari_medssl.lesions.mapping import CaseMap

NOTICE = "Research software, not for diagnosis."
_THIRDS = {
    "y": ("upper", "middle", "lower"),
    "x": ("left", "centre", "right"),
}
_BODY = {
    "y": ("front", "middle", "back"),
    "x": ("right", "centre", "left"),
}
FEWEST = 2
ADVISED = 10


def score_words(found: CaseMap, positive: str) -> str:
    """Say the calibrated answer: ``abnormal 0.93 (calibrated)``."""
    return f"{positive} {found.probabilities[0]:.2f} (calibrated)"


def range_words(found: CaseMap) -> str:
    """Say how far the nets disagree."""
    if len(found.by_net) < 2:
        return ""
    return f"its {len(found.by_net)} nets say {min(found.by_net):.2f} to {max(found.by_net):.2f}"


def place_words(region: Region, display: Display) -> str:
    """Say where a region is: of a picture as it is seen, of a volume in the patient."""
    shown = display.to_shown(region.peak_vox)
    names = _THIRDS if len(shown) == 2 else _BODY
    y, x = (
        names[axis][min(2, int(3 * (at + 0.5) / side))]
        for axis, at, side in zip("yx", shown[-2:], display.shape[-2:], strict=True)
    )
    words = "centre" if (y, x) == ("middle", "centre") else f"{y} {x}"
    return words if len(shown) == 2 else f"{words}, slice {round(float(shown[0]))}"


def size_words(region: Region) -> str:
    """Say a size with its unit."""
    return f"{region.size:,.0f} {region.unit}".replace(",", " ")


def missing_words(classes: Sequence[str], counts: dict[str, int]) -> str:
    """Say which labels are missing before anything can learn; empty if none."""
    normal, others = classes[0], classes[1:]
    lacking = []
    if counts.get(normal, 0) < FEWEST:
        lacking.append(f"{FEWEST - counts.get(normal, 0)} more {normal}")
    marked = sum(counts.get(name, 0) for name in others)
    if marked < FEWEST:
        kind = others[0] if len(others) == 1 else f"{others[0]} or another finding"
        lacking.append(f"{FEWEST - marked} more {kind}")
    if not lacking:
        return ""
    return f"Missing: {' and '.join(lacking)}. {ADVISED} of each are a good beginning."
