"""Contact sheets: many images at a glance with their true and found landmarks."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from medssl.errors import SettingsError

Point = tuple[float, ...]
BACKGROUND = (16, 16, 18)
TEXT = (225, 225, 225)
MARGIN, TITLE_HEIGHT, LEGEND_HEIGHT = 6, 20, 24


@dataclass(frozen=True)
class Tile:
    """One image of a sheet.

    Parameters
    ----------
    array
        Grey values ``(y, x)``, 0 to 1.
    title
        Line above the image.
    truth, found
        Landmark to position ``(y, x)`` in voxels of `array`; either may lack some.
    """

    array: NDArray[Any]
    title: str
    truth: Mapping[str, Point] = field(default_factory=dict)
    found: Mapping[str, Point] = field(default_factory=dict)


def landmark_colours(names: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Give each landmark a hue of its own, evenly spread, bright on dark images."""
    colours = {}
    for index, name in enumerate(names):
        rgb = colorsys.hls_to_rgb((index / max(1, len(names)) + 0.02) % 1.0, 0.62, 0.95)
        colours[name] = (round(255 * rgb[0]), round(255 * rgb[1]), round(255 * rgb[2]))
    return colours


def contact_sheet(tiles: Sequence[Tile], columns: int = 4, tile_px: int = 300) -> Image.Image:
    """Draw the tiles in rows: a cross where a landmark truly is, a circle where it was found.

    Parameters
    ----------
    tiles
        The images, drawn in this order.
    columns
        Images in a row.
    tile_px
        Longest side that an image is drawn with.

    Returns
    -------
    PIL.Image.Image
        RGB picture with a legend of the landmarks below.

    Raises
    ------
    SettingsError
        If there are no tiles.
    """
    if not tiles:
        raise SettingsError("a contact sheet needs at least one image")
    columns = min(columns, len(tiles))
    names = list(dict.fromkeys(name for tile in tiles for name in (*tile.truth, *tile.found)))
    colours = landmark_colours(names)
    pictures = [_draw_tile(tile, tile_px, colours) for tile in tiles]
    width = columns * (tile_px + MARGIN) + MARGIN
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    heights = [max(p.height for p in row) + TITLE_HEIGHT + MARGIN for row in rows]
    legend = _legend_lines(names, width)
    sheet = Image.new(
        "RGB", (width, sum(heights) + MARGIN + LEGEND_HEIGHT * (len(legend) + 1)), BACKGROUND
    )
    draw = ImageDraw.Draw(sheet)
    top = MARGIN
    for index, (row, height) in enumerate(zip(rows, heights, strict=True)):
        for column, picture in enumerate(row):
            left = MARGIN + column * (tile_px + MARGIN)
            title = tiles[index * columns + column].title
            draw.text((left, top), title, fill=TEXT, font=_font(14))
            sheet.paste(picture, (left + (tile_px - picture.width) // 2, top + TITLE_HEIGHT))
        top += height
    _draw_legend(draw, legend, colours, top)
    return sheet


def _draw_tile(
    tile: Tile, tile_px: int, colours: Mapping[str, tuple[int, int, int]]
) -> Image.Image:
    scale = tile_px / max(tile.array.shape)
    height, width = (max(1, round(s * scale)) for s in tile.array.shape)
    grey = np.clip(np.nan_to_num(np.asarray(tile.array, np.float32)), 0, 1)
    picture = Image.fromarray((grey * 255).round().astype(np.uint8))
    picture = picture.resize((width, height), Image.Resampling.BICUBIC).convert("RGB")
    draw = ImageDraw.Draw(picture)
    radius = max(4.0, tile_px / 50)
    for name, colour in colours.items():
        truth, found = tile.truth.get(name), tile.found.get(name)
        if truth is not None and found is not None:
            draw.line([*_xy(truth, scale), *_xy(found, scale)], fill=colour, width=1)
        if truth is not None:
            _cross(draw, _xy(truth, scale), radius, colour)
        if found is not None:
            _circle(draw, _xy(found, scale), radius, colour)
    return picture


def _xy(point: Point, scale: float) -> tuple[float, float]:
    return (point[1] + 0.5) * scale - 0.5, (point[0] + 0.5) * scale - 0.5


def _cross(
    draw: ImageDraw.ImageDraw, xy: tuple[float, float], r: float, colour: tuple[int, int, int]
) -> None:
    x, y = xy
    draw.line([x - r, y, x + r, y], fill=colour, width=1)
    draw.line([x, y - r, x, y + r], fill=colour, width=1)


def _circle(
    draw: ImageDraw.ImageDraw, xy: tuple[float, float], r: float, colour: tuple[int, int, int]
) -> None:
    x, y = xy
    draw.ellipse([x - r, y - r, x + r, y + r], outline=colour, width=2)


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _legend_lines(names: Sequence[str], width: int) -> list[list[tuple[str, int]]]:
    font = _font(14)
    lines: list[list[tuple[str, int]]] = [[]]
    left = MARGIN
    for name in names:
        step = math.ceil(font.getlength(name)) + 30
        if left + step > width and lines[-1]:
            lines.append([])
            left = MARGIN
        lines[-1].append((name, left))
        left += step
    return lines


def _draw_legend(
    draw: ImageDraw.ImageDraw,
    lines: Sequence[Sequence[tuple[str, int]]],
    colours: Mapping[str, tuple[int, int, int]],
    top: int,
) -> None:
    font = _font(14)
    for line in lines:
        for name, left in line:
            _circle(draw, (left + 7, top + 9), 5, colours[name])
            draw.text((left + 18, top), name, fill=TEXT, font=font)
        top += LEGEND_HEIGHT
    _cross(draw, (MARGIN + 7, top + 9), 6, TEXT)
    draw.text((MARGIN + 18, top), "where it is", fill=TEXT, font=font)
    _circle(draw, (MARGIN + 127, top + 9), 6, TEXT)
    draw.text((MARGIN + 138, top), "where it was found", fill=TEXT, font=font)
