"""A map seeds a region, similarity of dense embeddings grows it to its edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from medssl.lesions.inputs import upsampled

_SEED = 0.25
"""Share of a region, its highest values, that a growth begins with."""
_REACH = 1.0
"""How far a region may grow beyond its box, as a share of the box's sides."""


def similarity_to(
    embedding: NDArray[Any], seed: NDArray[np.bool_], stride: int
) -> NDArray[np.float32]:
    """Return the cosine similarity of each voxel to what a seed looks like.

    Parameters
    ----------
    embedding
        ``(E, *cells)``, unit length.
    seed
        ``(*spatial)``: voxels that surely belong.
    stride
        Voxels a cell.

    Returns
    -------
    numpy.ndarray
        ``(*spatial)``, −1 to 1, linear between cells.
    """
    cells = torch.from_numpy(np.asarray(embedding, np.float32))
    fine = upsampled(cells[None], (stride,) * seed.ndim)[0]
    fine = fine[(slice(None), *(slice(0, side) for side in seed.shape))]
    flat = torch.nn.functional.normalize(fine.flatten(1), dim=0)
    mean = torch.nn.functional.normalize(flat[:, torch.from_numpy(seed).flatten()].mean(1), dim=0)
    return (mean @ flat).reshape(seed.shape).numpy()


def grow_regions(
    labels: NDArray[np.int32], values: NDArray[Any], embedding: NDArray[Any], stride: int
) -> NDArray[np.int32]:
    """Grow or shrink each region to what looks like its highest part and hangs together with it.

    Around each region, as far again as it is wide, Otsu's threshold parts what is similar to the
    seed from what is not. A region that comes first keeps its voxels.

    Parameters
    ----------
    labels
        ``(*spatial)``: regions 1, 2, ... on the working grid.
    values
        The map on that grid.
    embedding, stride
        As for `similarity_to`.

    Returns
    -------
    numpy.ndarray
        Labels of the grown regions.
    """
    grown = np.zeros_like(labels)
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        if box is None:
            continue
        region = labels == number
        seed = region & (values >= np.quantile(values[region], 1 - _SEED))
        window = tuple(_wider(part, side) for part, side in zip(box, labels.shape, strict=True))
        near = similarity_to(embedding, seed, stride)[window]
        if near.max() <= near.min():
            grown[region & (grown == 0)] = number
            continue
        alike = (near >= threshold_otsu(near)) | seed[window]
        parts, _ = ndimage.label(alike)
        touched = np.setdiff1d(np.unique(parts[seed[window]]), [0])
        kept = np.isin(parts, touched) & (grown[window] == 0)
        grown[window][kept] = number
    return grown


def _wider(part: slice, side: int) -> slice:
    more = max(1, round(_REACH * (part.stop - part.start)))
    return slice(max(0, part.start - more), min(side, part.stop + more))
