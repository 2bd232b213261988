"""Whole folders of phantoms, laid out like the real data sets."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from medssl.errors import SettingsError, StorageError
from medssl.geometry import Grid
from medssl.io import write_image
from medssl.io.image import Image
from medssl.phantom.case import Phantom
from medssl.phantom.chest import make_chest
from medssl.phantom.volume import make_volume
from medssl.progress import Progress, silent


@dataclass(frozen=True)
class PhantomFolder:
    """Where `write_cohort` put things.

    Parameters
    ----------
    images
        Folder of the images alone: what to hand to anything that asks for images.
    landmarks
        CSV with ``image,landmark,x,y[,z]``: 0-based voxels, x fastest.
    masks
        Folder of ``<image stem>__<structure>`` masks, 0 and 255 or 0 and 1.
    spacing
        CSV with ``image,x_mm,y_mm``, None for volumes, which carry it themselves.
    """

    images: Path
    landmarks: Path
    masks: Path
    spacing: Path | None


def write_cohort(
    folder: str | Path,
    n: int,
    ndim: Literal[2, 3] = 2,
    seed: int = 0,
    *,
    lesions: bool = False,
    size: int | None = None,
    progress: Progress = silent,
) -> PhantomFolder:
    """Write `n` phantoms with their truth.

    Parameters
    ----------
    folder
        Made where absent; files of the same names are replaced.
    n
        Number of images.
    ndim
        2: chest films as PNG. 3: trunks as ``.nii.gz``.
    seed
        The same seed gives the same cohort; image ``i`` does not depend on `n`.
    lesions
        Whether some of the images have lesions; their mask is ``<stem>__lesions``, absent
        where the image has none.
    size
        Longest side of a film, or voxels along the body of a volume; None draws a film's size
        anew for each and takes 96 for volumes.
    progress
        Told about each image.

    Raises
    ------
    SettingsError
        If `n` is not positive or `ndim` neither 2 nor 3.
    StorageError
        If the folder cannot be written to.
    """
    if n < 1 or ndim not in (2, 3):
        raise SettingsError(f"cannot make {n} phantoms with {ndim} axes: 1 or more, 2 or 3 axes")
    root = Path(folder)
    where = PhantomFolder(
        images=root / "images",
        landmarks=root / "landmarks.csv",
        masks=root / "masks",
        spacing=root / "spacing.csv" if ndim == 2 else None,
    )
    try:
        _write(where, n, ndim, seed, lesions, size, progress)
    except OSError as error:
        raise StorageError(
            f"{root}: the phantoms cannot be written there ({error.strerror or error}). "
            "Choose another folder, or free some space"
        ) from error
    return where


def _write(
    where: PhantomFolder,
    n: int,
    ndim: int,
    seed: int,
    lesions: bool,
    size: int | None,
    progress: Progress,
) -> None:
    where.images.mkdir(parents=True, exist_ok=True)
    where.masks.mkdir(parents=True, exist_ok=True)
    points: list[tuple[str | float, ...]] = []
    spacings: list[tuple[str | float, ...]] = []
    for index in range(n):
        progress(index, n, f"phantom {index + 1} of {n}")
        if ndim == 2:
            phantom = make_chest(case_seed(seed, index), size, lesions=lesions)
            stem, suffix = f"chest_{index:03d}", ".png"
        else:
            phantom = make_volume(case_seed(seed, index), size or 96, lesions=lesions)
            stem, suffix = f"trunk_{index:03d}", ".nii.gz"
        name = stem + suffix
        grid = phantom.image.grid if ndim == 3 else Grid.create(phantom.image.grid.shape)
        write_image(replace(phantom.image, grid=grid), where.images / name)
        _write_masks(phantom, grid, where.masks, stem, suffix)
        for landmark, point_vox in phantom.landmarks.items():
            points.append((name, landmark, *(round(v, 3) for v in point_vox[::-1])))
        spacings.append((name, *(round(s, 6) for s in phantom.image.grid.spacing[::-1])))
    header = ("image", "landmark", "x", "y", "z")[: 2 + ndim]
    _write_table(where.landmarks, header, points)
    if where.spacing is not None:
        _write_table(where.spacing, ("image", "x_mm", "y_mm"), spacings)
    progress(n, n, f"{n} phantoms in {where.images.parent}")


def case_seed(seed: int, index: int) -> int:
    """Seed of one image of a cohort."""
    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0])


def _write_masks(phantom: Phantom, grid: Grid, folder: Path, stem: str, suffix: str) -> None:
    masks = dict(phantom.masks)
    if phantom.lesions is not None and phantom.lesions.any():
        masks["lesions"] = phantom.lesions
    value = 255 if grid.ndim == 2 else 1
    for structure, mask in masks.items():
        image = Image(np.where(mask, value, 0).astype(np.uint8), grid, phantom.image.axes)
        write_image(image, folder / f"{stem}__{structure}{suffix}")


def _write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[str | float]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)
