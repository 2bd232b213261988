"""Masks of a shape that belong to no image: read, checked, brought to the working scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.errors import FileRefusedError
from medssl.io import list_images, read_image
from medssl.io.formats import extension
from medssl.io.image import Axes, Image
from medssl.objectives import ShapeMasks
from medssl.prepare.orientation import as_picture, to_canonical, working_ndim
from medssl.prepare.resampling import isotropic_grid, resample, working_grid_2d
from medssl.transfer.masks import BETWEEN

MOST_VALUES = 32
"""Different values from which an image is no label map but a photograph."""
FEW = 3
"""Masks under which a shape is hardly known."""
_SAMPLES = 50_000


@dataclass(frozen=True)
class ShapePrior:
    """What is known of a shape.

    Parameters
    ----------
    masks
        ``(*spatial,)`` each: the share of each working voxel that the shape covers.
    names
        Of their files.
    notes
        What a person should know.
    """

    masks: tuple[NDArray[np.float32], ...]
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        """How wide the shape is where it is wide, in working voxels.

        Twice the 95th percentile of the distance of its voxels to the outside.
        """
        inside = [ndimage.distance_transform_edt(mask > 0.5) for mask in self.masks]
        depths = np.concatenate([depth[depth > 0] for depth in inside])
        if not depths.size:
            return 1.0
        return 2 * float(np.percentile(depths, 95))

    @property
    def share(self) -> float:
        """Share of all voxels of the masks that the shape covers."""
        return float(sum(m.sum() for m in self.masks)) / sum(m.size for m in self.masks)

    def shapes(self, upright: bool) -> ShapeMasks:
        """Return them as the adversary takes them."""
        return ShapeMasks(self.masks, upright)


def read_prior(
    folder: str | Path,
    ndim: int,
    longest_side: int,
    spacing_mm: float | None = None,
    label: str | None = None,
    leave_out: Sequence[str] = (),
) -> ShapePrior:
    """Read the masks of a folder.

    Everything that is not 0 is the shape, unless a label is named.

    Parameters
    ----------
    folder
        Folder of masks, or one file.
    ndim
        Of pictures or of volumes.
    longest_side
        2-D: pixels along the longest side of a mask, as of the images.
    spacing_mm
        3-D: the working voxel size.
    label
        A value of the label maps, or what stands after ``__`` in the files' names.
    leave_out
        Stems of images whose masks are not to be learned from.

    Raises
    ------
    FileRefusedError
        If there is no usable mask, or one is a photograph, or has several values and no label is
        named.
    """
    listing = list_images(folder)
    if listing.problems:
        raise FileRefusedError(folder, listing.problems[0].message, "Keep only masks in it.")
    value = int(label) if label is not None and label.isdigit() else None
    named = label if label is not None and value is None else None
    masks, names, empty, left = [], [], [], 0
    kinds: set[str] = set()
    for source in listing.sources:
        stem = source.path.name[: len(source.path.name) - len(extension(source.path))]
        image, between, structure = stem.partition(BETWEEN)
        if stem in leave_out or (between and image in leave_out):
            left += 1
            continue
        kinds.add(structure)
        if named is not None and structure != named:
            continue
        mask = _to_working(_binary(read_image(source.path), source.path, value), ndim, source.path,
                           longest_side, spacing_mm)  # fmt: skip
        if mask.any():
            masks.append(mask)
            names.append(source.key)
        else:
            empty.append(source.key)
    if named is None and len(kinds) > 1:
        raise FileRefusedError(
            folder,
            f"it holds masks of several structures: {', '.join(sorted(kinds))}",
            "Name the one that is the shape with --prior-label.",
        )
    if not masks:
        found = "all its masks are empty" if empty else "it holds no mask that may be used"
        if named is not None and named not in kinds:
            found = f"it holds no mask of {named}, but of {', '.join(sorted(kinds)) or 'nothing'}"
        elif left:
            found = "all its masks belong to the images themselves"
        raise FileRefusedError(folder, found, "Give masks of the shape, of other images.")
    return ShapePrior(tuple(masks), tuple(names), tuple(_notes(names, empty, left)))


def _notes(names: Sequence[str], empty: Sequence[str], left: int) -> list[str]:
    notes = []
    if empty:
        notes.append(
            f"{len(empty)} masks of the shape are empty and left out, the first {empty[0]}"
        )
    if left:
        notes.append(f"{left} masks of the images themselves are not learned from")
    if len(names) < FEW:
        count = "one mask" if len(names) == 1 else f"{len(names)} masks"
        notes.append(f"there is {count} of the shape: what is found will repeat its peculiarities")
    return notes


def _binary(image: Image, path: Path, label: int | None) -> Image:
    """Return an image of 0 and 1, of one channel."""
    array = image.frame(0).array
    if image.is_colour:
        colours = array[..., :3]
        if np.any(colours != colours[..., :1]):
            raise FileRefusedError(
                path, "it is a picture in colour, not a mask", "Give masks of the shape."
            )
        array = colours[..., 0]
    flat = array.ravel()
    sample = flat[:: max(1, flat.size // _SAMPLES)]
    values = np.unique(sample)
    if values.size > MOST_VALUES or not np.isfinite(values.astype(np.float64)).all():
        raise FileRefusedError(
            path,
            f"it looks like an image, not a mask: it has {values.size} different values or more",
            "Give masks, of the shape and 0 around it.",
        )
    inside = sorted(set(np.unique(flat).tolist()) - {0})
    if label is not None:
        binary = array == label
    elif len(inside) > 1:
        shown = ", ".join(f"{value:g}" for value in inside[:8])
        raise FileRefusedError(
            path,
            f"it holds several values beside 0 ({shown})",
            "Name the one that is the shape with --prior-label.",
        )
    else:
        binary = array != 0
    axes: Axes = "yx" if binary.ndim == 2 else "zyx"
    return Image(binary.astype(np.float32), image.grid, axes, path=path)


def _to_working(
    mask: Image, ndim: int, path: Path, longest_side: int, spacing_mm: float | None
) -> NDArray[np.float32]:
    if working_ndim(mask.grid) != ndim:
        what = "a volume" if ndim == 2 else "a picture"
        raise FileRefusedError(
            path, f"it is {what}, the images are {ndim}-D", "Give masks as the images are."
        )
    if ndim == 2:
        mask = as_picture(mask)
        array, grid = mask.array[..., None], mask.grid
        target = working_grid_2d(grid, longest_side)
    else:
        assert spacing_mm is not None
        array, grid = to_canonical(mask.array[..., None], mask.grid)
        target = isotropic_grid(grid, spacing_mm)
    found = resample(array, grid, target, lambda raw: raw.astype(np.float32))
    return np.asarray(found[..., 0], np.float32).clip(0, 1)
