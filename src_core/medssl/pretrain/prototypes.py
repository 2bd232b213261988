"""Prototypes: what each cluster looks like over the cohort, kept with the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from medssl.devices import fast_dtype
from medssl.embed.clusters import cohort_prototypes, image_prototypes
from medssl.embed.levelwise import LevelwiseNet
from medssl.embed.net import memory_budget
from medssl.models import ClusterInfo, load_model, save_model
from medssl.pretrain.loader import HasArray
from medssl.progress import Progress

MOST_IMAGES = 256
"""Images that prototypes are computed from, evenly spread over the cohort."""


def add_prototypes(
    folder: Path, cases: Sequence[HasArray], device: torch.device, progress: Progress
) -> None:
    """Compute the prototypes of a stored model over a cohort, and store them with it.

    The prototype of cluster ``k`` is ``m_k = normalise(mean_n r_nk)`` with the region features
    ``r_nk`` of whole images (H. Chen et al., arXiv 2108.09440, region discrimination): with them
    cluster ``k`` means the same structure in every image.

    Parameters
    ----------
    folder
        Model folder; its net has clusters.
    cases
        Images of the training.
    device
        Where the net runs.
    progress
        Told of each image; may raise `Cancelled`, the model then stays as it was.
    """
    model = load_model(folder)
    net = LevelwiseNet(model.net, device, fast_dtype(device), memory_budget(device))
    count = min(len(cases), MOST_IMAGES)
    features, histogram = [], np.zeros(model.card.architecture.clusters)
    for number in range(count):
        progress(number, count, "cluster prototypes")
        array = np.array(cases[number * len(cases) // count].array, np.float16)
        embedding, shares = (m.numpy() for m in net.embed_and_assign(torch.from_numpy(array)[None]))
        features.append(image_prototypes(embedding, shares))
        histogram += np.bincount(shares.argmax(0).ravel(), minlength=len(histogram))
    prototypes = cohort_prototypes(np.stack(features))
    model.net.prototypes.copy_(torch.from_numpy(prototypes))
    known = ClusterInfo(
        count=len(histogram),
        n_images=count,
        shares=tuple(round(float(share), 5) for share in histogram / histogram.sum()),
    )
    save_model(folder, model.net, model.card.model_copy(update={"clusters": known}))
