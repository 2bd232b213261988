"""The map of the shape in views, and where the field of view is in them."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.objectives.base import Outputs
from medssl.views.dense import DenseViews

SHAPE = 0
"""The cluster that becomes the shape."""
FIELD = 2
"""Channel of prepared contrast images that holds the field of view."""


def shape_map(views: DenseViews, outputs: Outputs, stride: int) -> tuple[Tensor, Tensor]:
    """Return the shape's share of each cell, and whether the cell lies in the field of view.

    Returns
    -------
    shape, inside
        ``(V, 1, *cells)``; beyond the field the shape is 0.
    """
    assert outputs.assignment is not None
    share = outputs.assignment[:, SHAPE : SHAPE + 1].float()
    field = views.images[:, FIELD : FIELD + 1]
    every = (slice(None), slice(None), *[slice(None, None, stride)] * (field.ndim - 2))
    inside = (field[every] > 0.99).to(share.dtype)
    if views.extent is not None:
        inside = inside * views.extent.cells(stride)[:, None].to(share.dtype)
    return share * inside, inside


def enough_inside(inside: Tensor) -> Tensor:
    """Tell which views ``(V,)`` lie in the field for the most part; of none, the fullest."""
    filled = inside.flatten(1).mean(1)
    return filled >= torch.minimum(filled.max(), filled.new_tensor(0.6))
