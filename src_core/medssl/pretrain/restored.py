"""What a net makes of a distorted view of one image, to be shown."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from medssl.nets import DenseNet, Parts, normalise_input
from medssl.views import DistortedViewSettings, ImageBatch, make_distorted_views
from medssl.views.crops import random_crops

if TYPE_CHECKING:
    from medssl.geometry import Grid
    from medssl.views.warp import Warp

SEEDS = 64


@torch.inference_mode()
def restored_view(
    net: DenseNet,
    array: NDArray[Any],
    views: DistortedViewSettings,
    device: torch.device,
    grid: Grid,
) -> tuple[dict[str, NDArray[np.float16]], Grid]:
    """Distort a view of an image and restore it, always the same one.

    Of the two views that a step would make, the one that is distorted more is taken; of a volume
    views that show its middle slice. Flips are undone.

    Parameters
    ----------
    net
        Restores images; it is copied, not touched.
    array
        Prepared image ``(C, *spatial)``.
    views
        How the training makes views.
    device
        Where the copy runs.
    grid
        Where the image lies.

    Returns
    -------
    arrays
        ``input``, ``restored`` and ``target``, each ``(*view)``, values 0 to 1, the mean over
        channels.
    grid
        Where the view lies.
    """
    ndim = array.ndim - 1
    batch = ImageBatch(
        torch.from_numpy(array)[None],
        torch.zeros(1, ndim),
        torch.tensor([array.shape[1:]]),
        torch.zeros(1, dtype=torch.long),
    ).to(device)
    made = make_distorted_views(batch, views, batch.draws(_seed(batch, views)))
    shown = int((made.images - made.targets).abs().flatten(1).mean(1).argmax())
    image = made.images[shown : shown + 1]
    mine = copy.deepcopy(net).to(device).eval()
    restored = mine.outputs(normalise_input(image), Parts(embedding=False, restored=True)).restored
    assert restored is not None
    found = {"input": image, "restored": restored, "target": made.targets[shown : shown + 1]}
    assert made.extent is not None
    place, flipped = _place(made.extent.warps[shown], grid)
    arrays = {
        name: values[0].float().mean(0).clamp(0, 1).flip(flipped).cpu().numpy().astype(np.float16)
        for name, values in found.items()
    }
    return arrays, place


def _seed(batch: ImageBatch, views: DistortedViewSettings) -> int:
    """Return the first seed whose crops show the middle slice; 0 where none does."""
    if batch.ndim == 2:
        return 0
    middle = (batch.canvas[0] - 1) / 2
    for seed in range(SEEDS):
        crops = random_crops(batch, views.size, views.crops, batch.draws(seed))
        reach = [float(crop.matrix[0, 0, 0].abs()) * (views.size[0] - 1) / 2 for crop in crops]
        away = [abs(float(crop.centre[0, 0]) - middle) for crop in crops]
        if all(a <= r for a, r in zip(away, reach, strict=True)):
            return seed
    return 0


def _place(crop: Warp, grid: Grid) -> tuple[Grid, tuple[int, ...]]:
    """Return where a crop lies, and its axes that are flipped."""
    scale = crop.matrix[0].diagonal().double().cpu().numpy()
    size = np.array(crop.view_size)
    first = crop.centre[0].double().cpu().numpy() - np.abs(scale) * (size - 1) / 2
    place = replace(
        grid,
        shape=crop.view_size,
        spacing=tuple((np.abs(scale) * grid.spacing).tolist()),
        origin=tuple(grid.voxel_to_world(first).tolist()),
    )
    return place, tuple(int(axis) for axis in np.flatnonzero(scale < 0))
