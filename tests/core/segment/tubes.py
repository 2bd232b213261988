"""Small pictures and volumes of dark tubes, and tubes that belong to none of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.geometry import Grid
from medssl.io import Image, write_image


def draw_tubes(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> NDArray[np.bool_]:
    """Draw bent tubes from side to side."""
    lines = np.zeros(shape, bool)
    for _ in range(count):
        begin, end = rng.uniform(0, 1, (2, len(shape)))
        axis = rng.integers(len(shape))
        begin[axis], end[axis] = 0, 1
        bend = rng.normal(0, 0.08, len(shape))
        place = np.linspace(0, 1, 6 * max(shape))[:, None]
        path = begin + (end - begin) * place + bend * np.sin(3 * np.pi * place)
        points = np.round(path * (np.array(shape) - 1)).astype(int)
        points = points[((points >= 0) & (points < np.array(shape))).all(1)]
        lines[tuple(points.T)] = True
    return ndimage.distance_transform_edt(~lines) <= 1.8


def render(rng: np.random.Generator, tubes: NDArray[np.bool_], darker: float) -> NDArray[np.uint8]:
    """Make an image of tubes that are darker than a slowly varying ground."""
    ground = ndimage.gaussian_filter(rng.standard_normal(tubes.shape), max(tubes.shape) / 6)
    values = 140 + 30 * ground / ground.std() - darker * ndimage.gaussian_filter(1.0 * tubes, 0.6)
    return (values + 12 * rng.standard_normal(tubes.shape)).clip(30, 255).astype(np.uint8)


def write_tubes(
    root: Path, shape: tuple[int, ...], images: int = 6, masks: int = 8, darker: float = 60
) -> dict[str, Path]:
    """Write images, their true masks, and masks of other tubes; returns the folders."""
    rng = np.random.default_rng(5)
    volume = len(shape) == 3
    grid = Grid.create(shape, (1.0,) * 3) if volume else Grid.create(shape)
    ending, axes = ("nii.gz", "zyx") if volume else ("png", "yx")
    folders = {name: root / name for name in ("images", "truth", "prior")}
    for folder in folders.values():
        folder.mkdir(parents=True)

    def write(folder: str, name: str, values: NDArray[np.uint8]) -> None:
        write_image(Image(values, grid, axes), folders[folder] / f"{name}.{ending}")

    for number in range(images):
        tubes = draw_tubes(rng, shape, 6)
        write("images", f"t{number}", render(rng, tubes, darker))
        write("truth", f"t{number}", np.where(tubes, 255, 0).astype(np.uint8))
    for number in range(masks):
        tubes = draw_tubes(rng, shape, 6)
        write("prior", f"other{number}", np.where(tubes, 255, 0).astype(np.uint8))
    return folders
