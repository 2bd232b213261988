"""What a net makes of a distorted view of one image, to be shown."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from medssl.nets import DenseNet, Parts, normalise_input
from medssl.views import DistortedViewSettings, ImageBatch, make_distorted_views

SEED = 0


@torch.inference_mode()
def restored_view(
    net: DenseNet, array: NDArray[Any], views: DistortedViewSettings, device: torch.device
) -> dict[str, NDArray[np.float16]]:
    """Distort a view of an image and restore it, always the same one.

    Of the two views that a step would make, the one that is distorted more is taken.

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

    Returns
    -------
    dict
        ``input``, ``restored`` and ``target``, each ``(*view)``, values 0 to 1, the mean over
        channels.
    """
    ndim = array.ndim - 1
    batch = ImageBatch(
        torch.from_numpy(array)[None],
        torch.zeros(1, ndim),
        torch.tensor([array.shape[1:]]),
        torch.zeros(1, dtype=torch.long),
    ).to(device)
    made = make_distorted_views(batch, views, batch.draws(SEED))
    shown = int((made.images - made.targets).abs().flatten(1).mean(1).argmax())
    image = made.images[shown : shown + 1]
    mine = copy.deepcopy(net).to(device).eval()
    restored = mine.outputs(normalise_input(image), Parts(embedding=False, restored=True)).restored
    assert restored is not None
    found = {"input": image, "restored": restored, "target": made.targets[shown : shown + 1]}
    return {
        name: values[0].float().mean(0).clamp(0, 1).cpu().numpy().astype(np.float16)
        for name, values in found.items()
    }
