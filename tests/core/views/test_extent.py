"""Which cells show the image: as the pixels of a white image say."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from medssl.views import (
    DenseViewSettings,
    ImageBatch,
    PairViewSettings,
    make_dense_views,
    make_pair_views,
)
from medssl.views.affine import AffineSettings
from medssl.views.photometric import PhotometricSettings

NO_COLOUR = PhotometricSettings(gamma=0, contrast=0, offset=0, shading=0, noise=0)
FAR = AffineSettings(rotation_degrees=30, scale=(0.5, 1.2), shift=0.2)
STRIDE = 4


def white_images(ndim: int, side: int = 32) -> ImageBatch:
    """Four white images that fill half of their canvas along the first axis."""
    images = torch.zeros(4, 1, *[side] * ndim)
    images[:, :, side // 4 : 3 * side // 4] = 1
    origin = torch.tensor([[side / 4] + [0.0] * (ndim - 1)]).repeat(4, 1)
    sizes = torch.tensor([[side / 2] + [float(side)] * (ndim - 1)]).repeat(4, 1)
    return ImageBatch(images, origin, sizes, torch.arange(4))


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", ["dense", "pairs"])
def test_cells_inside_are_white(kind: str, ndim: int) -> None:
    batch = white_images(ndim)
    if kind == "dense":
        settings = DenseViewSettings(affine=FAR, photometric=NO_COLOUR)
        views = make_dense_views(batch, settings, batch.draws(3))
    else:
        turned = PairViewSettings(affine=FAR, photometric=NO_COLOUR)
        views = make_pair_views(batch, turned, (32,) * ndim, batch.draws(3))
    assert views.plain == 8
    assert views.extent is not None
    inside = views.extent.cells(STRIDE)
    pool = F.avg_pool2d if ndim == 2 else F.avg_pool3d
    shown = pool(views.images[: views.plain], STRIDE)[:, 0]
    assert inside.shape == shown.shape
    assert 0.05 < inside.float().mean() < 0.95
    assert bool(inside[shown > 0.99].all())
    assert not bool(inside[shown < 0.01].any())
