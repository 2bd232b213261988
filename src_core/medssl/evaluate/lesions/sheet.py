"""Best, median and worst cases at a glance: image, map, and the mask's outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from medssl.errors import SettingsError
from medssl.prepare import Case
from medssl.prepare.maps import to_source

BACKGROUND = (16, 16, 18)
TEXT = (225, 225, 225)
_MARGIN, _TITLE = 6, 20
_OUTLINE = (90, 255, 120)
_PEAK = (255, 60, 60)
_KINDS = ("best", "median", "worst")


@dataclass(frozen=True)
class Picked:
    """A case of a sheet; of a volume the slice with the map's highest value.

    Parameters
    ----------
    name
        Of the image.
    overlap
        Intersection over union at the tuned threshold.
    image, values
        Grey values and the map, ``(y, x)``, 0 to 1.
    mask
        Where the lesion is.
    threshold
        Share of the map's highest value.
    """

    name: str
    overlap: float
    image: NDArray[np.float32]
    values: NDArray[np.float32]
    mask: NDArray[np.bool_]
    threshold: float


def pick(
    case: Case,
    overlap: float,
    values: NDArray[Any],
    mask: NDArray[np.bool_],
    threshold: float,
) -> Picked:
    """Take a case for a sheet, with its map and its mask on the image's own grid."""
    image = to_source(case.array[:1], case.grid, case.source_grid)[0]
    if image.ndim == 3:
        at = int(np.unravel_index(int(values.argmax()), values.shape)[0])
        image, values, mask = image[at], values[at], mask[at]
    return Picked(case.name, overlap, image, np.asarray(values, np.float32), mask, threshold)


def choose_cases(overlaps: Sequence[float], each: int) -> dict[str, list[int]]:
    """Choose the cases with the highest, the middle and the lowest overlaps.

    Examples
    --------
    >>> choose_cases([0.1, 0.9, 0.5, 0.3, 0.7], 1)
    {'best': [1], 'median': [2], 'worst': [0]}
    """
    order = [int(number) for number in np.argsort(overlaps)[::-1]]
    each = min(each, len(order))
    middle = max(0, (len(order) - each) // 2)
    return {
        "best": order[:each],
        "median": order[middle : middle + each],
        "worst": order[len(order) - each :],
    }


def lesion_sheet(cases: Sequence[Picked], each: int = 6, tile_px: int = 220) -> Image.Image:
    """Draw three rows: the best, the median and the worst cases by overlap.

    Each case shows the image with the outline of the mask (green) and the map's highest place
    (red cross) above the map in colour with the region at the tuned threshold (white).

    Raises
    ------
    SettingsError
        If there is no case.
    """
    if not cases:
        raise SettingsError("a sheet of cases needs at least one image with a mask")
    chosen = choose_cases([case.overlap for case in cases], each)
    columns = max(len(numbers) for numbers in chosen.values())
    height = 2 * tile_px + 2 * _TITLE + 2 * _MARGIN
    size = (columns * (tile_px + _MARGIN) + _MARGIN, len(_KINDS) * height + _MARGIN)
    sheet = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for row, kind in enumerate(_KINDS):
        top = _MARGIN + row * height
        for column, number in enumerate(chosen[kind]):
            case = cases[number]
            left = _MARGIN + column * (tile_px + _MARGIN)
            title = f"{kind} {case.overlap:.2f} {case.name}"
            draw.text((left, top), title[: tile_px // 7], fill=TEXT, font=font)
            sheet.paste(_picture(case, tile_px), (left, top + _TITLE))
            sheet.paste(_heat(case, tile_px), (left, top + _TITLE + tile_px + _MARGIN))
    return sheet


def _picture(case: Picked, tile_px: int) -> Image.Image:
    grey = np.repeat((np.clip(case.image, 0, 1) * 255).astype(np.uint8)[..., None], 3, -1)
    grey[_edge(case.mask)] = _OUTLINE
    picture = Image.fromarray(grey)
    y, x = np.unravel_index(int(case.values.argmax()), case.values.shape)
    drawn = ImageDraw.Draw(picture)
    r = max(3, max(grey.shape) // 40)
    drawn.line([x - r, y, x + r, y], fill=_PEAK, width=max(1, r // 3))
    drawn.line([x, y - r, x, y + r], fill=_PEAK, width=max(1, r // 3))
    return _fitted(picture, tile_px)


def _heat(case: Picked, tile_px: int) -> Image.Image:
    top = max(float(case.values.max()), 1e-6)
    share = np.clip(case.values / top, 0, 1)
    grey = np.clip(case.image, 0, 1)
    hot = np.stack([np.ones_like(share), 0.8 * share, 0.1 * share], -1)
    opacity = 0.7 * share[..., None]
    colours = (((1 - opacity) * grey[..., None] + opacity * hot) * 255).astype(np.uint8)
    colours[_edge(case.values >= case.threshold * top)] = (255, 255, 255)
    colours[_edge(case.mask)] = _OUTLINE
    return _fitted(Image.fromarray(colours), tile_px)


def _edge(mask: NDArray[Any]) -> NDArray[np.bool_]:
    width = max(1, max(mask.shape) // 250)
    return np.asarray(mask & ~ndimage.binary_erosion(mask, iterations=width), np.bool_)


def _fitted(picture: Image.Image, tile_px: int) -> Image.Image:
    picture.thumbnail((tile_px, tile_px), Image.Resampling.BICUBIC)
    tile = Image.new("RGB", (tile_px, tile_px), BACKGROUND)
    tile.paste(picture, ((tile_px - picture.width) // 2, (tile_px - picture.height) // 2))
    return tile
