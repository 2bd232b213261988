"""From a map to regions: smoothed, cut at a threshold, connected, measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import ndimage
from skimage.filters import threshold_otsu

from medssl.geometry import Grid

OTSU: Final = "otsu"


class RegionSettings(BaseModel):
    """How regions are cut out of a map."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: Literal["otsu"] | Annotated[float, Field(ge=0, le=1)] = Field(
        default=OTSU,
        description="Share of the map's highest value from which a voxel belongs to a region; "
        "otsu chooses it for each map.",
    )
    smoothing: float = Field(
        default=1.0, ge=0, description="Standard deviation of the smoothing, working voxels."
    )
    least_probability: float = Field(
        default=0.5, ge=0, le=1, description="Of the image: below it no region is told."
    )
    smallest: int = Field(default=4, ge=1, description="Voxels of the smallest region told.")


@dataclass(frozen=True)
class Region:
    """A connected part of an image.

    Parameters
    ----------
    value
        Its number in the label map, 1 for the one with the highest score.
    size, unit
        In mm², mm³, or px where no spacing is known.
    score
        Highest value of the map in it.
    mean
        Mean value of the map in it.
    peak_vox
        Where the highest value is, in voxels of the image ``([z,] y, x)``.
    box
        First and last voxel along each axis.
    """

    value: int
    size: float
    unit: str
    score: float
    mean: float
    peak_vox: tuple[int, ...]
    box: tuple[tuple[int, int], ...]


def smoothed(maps: NDArray[Any], sigma: float) -> NDArray[np.float32]:
    """Smooth maps ``(K, *spatial)``, each alone; each keeps its highest and its lowest value."""
    values = np.asarray(maps, np.float32)
    if sigma == 0:
        return values
    made = np.empty_like(values)
    for target, one in zip(made, values, strict=True):
        soft = ndimage.gaussian_filter(one, sigma)
        low, high = float(soft.min()), float(soft.max())
        if high > low:
            share = (soft - low) / (high - low)
            target[...] = one.min() + share * (one.max() - one.min())
        else:
            target[...] = one
    return made


def threshold_of(values: NDArray[Any], threshold: Literal["otsu"] | float) -> float:
    """Return the value of a map from which a voxel belongs to a region."""
    if threshold == OTSU:
        return float(threshold_otsu(values)) if values.max() > values.min() else np.inf
    return float(threshold) * float(values.max())


def find_regions(
    values: NDArray[Any], grid: Grid, settings: RegionSettings
) -> tuple[NDArray[np.int32], list[Region]]:
    """Cut a map into connected regions, the one with the highest score first.

    Parameters
    ----------
    values
        The map on the image's own grid; its highest value is the probability of the image.
    grid
        That grid.
    settings
        Threshold, smallest region, least probability.

    Returns
    -------
    labels
        0 beyond regions, else the region's `value`.
    regions
        In order of their score.
    """
    nothing = np.zeros(values.shape, np.int32)
    top = float(values.max())
    if top < settings.least_probability or top <= 0:
        return nothing, []
    inside = values >= threshold_of(values, settings.threshold)
    found, count = ndimage.label(inside, np.ones((3,) * values.ndim))
    return measure(found, count, values, grid, settings.smallest)


def measure(
    found: NDArray[Any], count: int, values: NDArray[Any], grid: Grid, smallest: int = 1
) -> tuple[NDArray[np.int32], list[Region]]:
    """Measure parts 1 to `count` of a label map, and number them by their score."""
    size, unit = voxel_size(grid)
    measured = []
    for number, box in enumerate(ndimage.find_objects(found, count), 1):
        if box is None:
            continue
        part = found[box] == number
        voxels = int(part.sum())
        if voxels < smallest:
            continue
        there = np.where(part, values[box], -np.inf)
        peak = np.unravel_index(int(there.argmax()), there.shape)
        place = tuple(int(p) + s.start for p, s in zip(peak, box, strict=True))
        edges = tuple((s.start, s.stop - 1) for s in box)
        mean = float(values[box][part].mean())
        measured.append((float(there.max()), voxels, mean, place, edges, number, box, part))
    measured.sort(key=lambda one: (-one[0], -one[1]))
    labels = np.zeros(found.shape, np.int32)
    regions = []
    for value, (score, voxels, mean, place, edges, _, box, part) in enumerate(measured, 1):
        labels[box][part] = value
        regions.append(Region(value, voxels * size, unit, score, mean, place, edges))
    return labels, regions


def voxel_size(grid: Grid) -> tuple[float, str]:
    """Return the size of a voxel and its unit: mm², mm³, or px where no spacing is known."""
    if grid.unit != "mm":
        return 1.0, "px"
    return float(np.prod(grid.spacing)), "mm²" if grid.ndim == 2 else "mm³"
