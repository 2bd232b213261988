"""How much of what a pretraining learned is still there after fine-tuning, level by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medssl.evaluate.transfer.comparison import Comparison, open_comparison
from medssl.evaluate.transfer.methods import Start
from medssl.evaluate.transfer.request import TransferRequest
from medssl.evaluate.transfer.similarity import linear_cka
from medssl.io import ImageListing
from medssl.nets import normalise_input
from medssl.prepare import ArrayCache, Case
from medssl.progress import Progress, silent
from medssl.transfer import draw_labelled
from medssl.transfer.laying import laid_out
from medssl.transfer.nets import TransferNet
from medssl.transfer.training import choose_canvas

CELLS_AN_IMAGE = 64
"""Places an image whose features are compared, drawn once for all nets."""
MOST_IMAGES = 48
_AT_ONCE = 8


def evaluate_reuse(
    images: ImageListing,
    targets: str | Path,
    out: str | Path,
    request: TransferRequest,
    columns: Sequence[str] = ("label",),
    structures: Mapping[str, Sequence[str]] | None = None,
    groups: Mapping[str, str] | None = None,
    cache: ArrayCache | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Compare the encoder's features before and after fine-tuning by linear CKA, level by level.

    Features are those of tested images, which neither training saw. The first of the request's
    numbers of labels is learned from. Parameters are those of `evaluate_transfer`.

    Returns
    -------
    dict
        ``rows``: ``method``, ``strides`` of its levels, ``levels`` (mean over seeds, finest first)
        and ``by_seed``; ``labelled``, ``images``, ``notes``, ``request``.

    Raises
    ------
    SettingsError
        If there are too few images for what is asked.
    FileRefusedError
        If labels or masks do not fit the images.
    """
    compared = open_comparison(
        images, targets, Path(out), request, columns, structures, groups, cache, progress
    )
    cases = compared.task.cases(compared.tested[:MOST_IMAGES])
    rows = []
    for number, start in enumerate(compared.starts):
        by_seed = []
        for seed in range(request.seeds):
            progress(number, len(compared.starts), f"{start.name}, seed {seed}")
            by_seed.append(_levels(compared, start, seed, request.labelled[0], cases))
        mean = np.mean(by_seed, axis=0).tolist()
        net = start.architecture
        strides = [net.level_stride(level) for level in range(len(net.widths))]
        rows.append({"method": start.name, "strides": strides, "levels": mean, "by_seed": by_seed})
    return {
        "rows": rows,
        "labelled": request.labelled[0],
        "images": len(cases),
        "notes": list(compared.notes),
        "request": request.model_dump(mode="json"),
    }


def _levels(
    compared: Comparison, start: Start, seed: int, amount: str, cases: Sequence[Case]
) -> list[float]:
    task = compared.task
    settings = compared.settings(seed)
    keys = draw_labelled(task.strata, amount, seed, compared.pool)
    before = task.begin(start, settings).eval()
    after, _ = task.fit(start, keys, settings, silent)
    return [
        linear_cka(one, other)
        for one, other in zip(_features(before, cases), _features(after, cases), strict=True)
    ]


@torch.no_grad()
def _features(net: TransferNet, cases: Sequence[Case]) -> list[Tensor]:
    """Return the features of each encoder level at places drawn by a fixed seed: ``(N, C)``."""
    arrays = [case.array for case in cases]
    stride = net.net.architecture.deepest_stride
    sides = [array.shape[1:] for array in arrays]
    canvas = choose_canvas(sides, stride, max(map(max, sides)) + stride)
    device = next(net.parameters()).device
    rng = np.random.default_rng(0)
    found: list[list[Tensor]] = []
    for _, laid, _ in laid_out(arrays, canvas, _AT_ONCE):
        places = torch.from_numpy(rng.random((CELLS_AN_IMAGE, len(canvas))))
        levels = net.net.pyramid(normalise_input(laid.to(device)))
        found.append([_at(maps, places).cpu() for maps in levels])
    return [torch.cat(parts) for parts in zip(*found, strict=True)]


def _at(maps: Tensor, places: Tensor) -> Tensor:
    """Read maps ``(B, C, *cells)`` at places ``(P, ndim)`` from 0 to 1: ``(B·P, C)``."""
    sizes = torch.tensor(maps.shape[2:])
    index = (places * sizes).long().to(maps.device)
    where: tuple[Any, ...] = (slice(None), slice(None), *index.unbind(1))
    picked: Tensor = maps[where]
    return picked.movedim(1, 2).flatten(0, 1).float()
