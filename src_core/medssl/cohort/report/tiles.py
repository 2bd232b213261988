"""Thumbnails with points and masks drawn on, each a small SVG around a JPEG."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from medssl.cohort.records import CaseRecord
from medssl.cohort.report.markup import name, text
from medssl.cohort.report.view import SIDE, Cut, grey_picture
from medssl.errors import MedsslError
from medssl.io import Segmentation
from medssl.io.image import Image

_QUALITY = 82
_FILL = 0.25


@dataclass(frozen=True)
class Mark:
    """A point on a thumbnail.

    Parameters
    ----------
    number
        Number of the landmark in the legend.
    landmark, colour
        Its name and colour.
    point_vox
        Where it is.
    by_person
        A person's, drawn as a cross; a prediction is a ring.
    start
        Where the prediction was that a person moved here.
    """

    number: int
    landmark: str
    colour: str
    point_vox: Sequence[float]
    by_person: bool
    start: Sequence[float] | None = None


@dataclass(frozen=True)
class Tile:
    """A thumbnail to be drawn.

    Parameters
    ----------
    case
        The case.
    title, lines
        What stands below it.
    marks
        Points to draw.
    masks
        Segmentations to draw.
    at
        Voxel whose slice is shown; None for the middle.
    """

    case: CaseRecord
    title: str
    lines: Sequence[str]
    marks: Sequence[Mark] = ()
    masks: Sequence[Segmentation] = ()
    at: Sequence[float] | None = None


def tile_html(tile: Tile) -> str:
    """Draw a thumbnail; where its image cannot be read, say so in its place."""
    lines = [line for line in tile.lines if line]
    try:
        image = tile.case.source().read()
        cut = Cut.through(image.grid, tile.at)
        drawing = _drawing(tile, image, cut)
        lines += [cut.words] if cut.words else []
    except (MedsslError, OSError, MemoryError):
        drawing = '<div class="absent">the image cannot be read here</div>'
    shown = "".join(f"<span>{text(line)}</span>" for line in lines)
    return f"<figure>{drawing}<figcaption><b>{name(tile.title)}</b>{shown}</figcaption></figure>\n"


def _drawing(tile: Tile, image: Image, cut: Cut) -> str:
    picture = grey_picture(image, cut)
    if tile.masks:
        picture = _with_masks(picture, tile.masks, cut)
    width, height = picture.size
    marks = "".join(_mark(mark, cut) for mark in tile.marks)
    left, top = (SIDE - width) / 2, (SIDE - height) / 2
    said = f"{tile.title}: {', '.join(tile.lines)}"
    return (
        f'<svg viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="{text(said)}">'
        f'<rect width="{SIDE}" height="{SIDE}"/>'
        f'<g transform="translate({left:g} {top:g})">'
        f'<image href="{_data_uri(picture)}" width="{width}" height="{height}"/>{marks}</g></svg>'
    )


def _mark(mark: Mark, cut: Cut) -> str:
    """Draw a point, with a dark rim so that it is seen on light and dark; nothing if elsewhere."""
    place = cut.place(mark.point_vox)
    if place is None:
        return ""
    x, y = place
    shape = (
        f'<path d="M{x - 9:.1f} {y:.1f}h18M{x:.1f} {y - 9:.1f}v18"/>'
        if mark.by_person
        else f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8"/>'
    )
    start = cut.place(mark.start) if mark.start is not None else None
    if start is not None:
        u, v = start
        shape += f'<path d="M{u:.1f} {v:.1f}L{x:.1f} {y:.1f}"/>'
        shape += f'<circle cx="{u:.1f}" cy="{v:.1f}" r="8"/>'
    aside = x + 12 if x < SIDE - 40 else x - 12
    anchor = "start" if aside > x else "end"
    return (
        f'<g class="mark" style="--c:{text(mark.colour)}"><title>{text(mark.landmark)}</title>'
        f'<g class="rim">{shape}</g><g class="ink">{shape}</g>'
        f'<text x="{aside:.1f}" y="{y - 5:.1f}" text-anchor="{anchor}">{mark.number}</text></g>'
    )


def _with_masks(picture: Picture.Image, masks: Sequence[Segmentation], cut: Cut) -> Picture.Image:
    """Lay masks over a grey picture: a tint, and a line along the edge."""
    values = np.repeat(np.asarray(picture, np.float32)[..., None], 3, axis=2)
    for found in masks:
        for segment in found.segments:
            plane = np.ascontiguousarray(cut.take(found.mask(segment))).astype(np.uint8)
            inside = Picture.fromarray(plane).resize(picture.size, Picture.Resampling.NEAREST)
            mask = np.asarray(inside) > 0
            colour = np.array([int(segment.colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32)
            values[mask] = (1 - _FILL) * values[mask] + _FILL * colour
            values[mask & ~_eroded(mask)] = colour
    return Picture.fromarray(np.round(values).astype(np.uint8))


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(mask, 1)
    inner: NDArray[np.bool_] = (
        padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:] & mask
    )
    return inner


def _data_uri(picture: Picture.Image) -> str:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode()}"
