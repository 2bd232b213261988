"""How landmarks are drawn: source by shape and ring, sureness by fading, names in readable ink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.colours import colour_of
from napari_medssl.points import PointState

if TYPE_CHECKING:
    from napari.layers import Points
    from numpy.typing import NDArray


_SYMBOLS = {"manual": "disc", "corrected": "diamond", "predicted": "disc"}
_RIM = (0.05, 0.05, 0.05)
_VEIL = [0.0, 0.0, 0.0, 0.3]  # inside of a ring, so that it is seen on bright places too
_LIGHT, _DARK = [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0]
_EVEN_GREY = 0.46  # black and white stand out from this grey equally, by 4.6 to 1


def look_of(
    points: Sequence[PointState], landmarks: Sequence[str], inks: list[list[float]]
) -> dict[str, list[Any]]:
    """How points are drawn: solid with a dark rim, or an open ring that fades with doubt."""
    colours = [_rgb(colour_of(p.landmark, landmarks)) for p in points]
    rings = [p.source == "predicted" for p in points]
    fade = [0.6 + 0.4 * (p.confidence or 0.0) for p in points]
    both = list(zip(colours, rings, fade, strict=True))
    return {
        "landmark": [p.landmark for p in points],
        "source": [p.source for p in points],
        "symbol": [_SYMBOLS[p.source] for p in points],
        "face_color": [_VEIL if ring else [*c, 1.0] for c, ring, _ in both],
        "border_color": [[*c, alpha] if ring else [*_RIM, 1.0] for c, ring, alpha in both],
        "border_width": [0.2 if ring else 0.12 for ring in rings],
        "text": inks,
    }


def apply_look(layer: Points, name: str, value: list[Any]) -> None:
    """Set one part of the look on a layer."""
    if name in ("landmark", "source"):
        layer.features = layer.features.assign(**{name: value})
    elif name == "text":
        layer.text.color = np.array(value)
    else:
        setattr(layer, name, np.array(value) if name.endswith("color") else value)


def inks_for(
    shown: NDArray[Any],
    limits: tuple[float, float],
    inverted: bool,
    places: Sequence[tuple[NDArray[Any], int, int]],
) -> list[list[float]]:
    """Black or white for each name, whichever stands out from the image behind it.

    Parameters
    ----------
    shown
        The image as it is shown: grey, or with colours last.
    limits, inverted
        Its grey window, and whether white is low.
    places
        For each name its upper left corner in voxels, and its height and width.
    """
    inks = []
    for corner, height, width in places:
        at = np.round(corner).astype(int)
        lead = tuple(int(np.clip(v, 0, n - 1)) for v, n in zip(at[:-2], shown.shape, strict=False))
        plane = shown[lead]
        y, x = (max(int(v), 0) for v in at[-2:])
        patch = plane[y : y + max(height, 1), x : x + max(width, 1)]
        level = 0.0
        if patch.size:
            value = float(np.nanmean(patch))
            level = float(np.clip((value - limits[0]) / (limits[1] - limits[0]), 0, 1))
            level = 1 - level if inverted else level
        inks.append(_DARK if level > _EVEN_GREY else _LIGHT)
    return inks


def _rgb(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
