"""Photometric changes: each image its own, colours only in colour, nothing moved."""

from __future__ import annotations

import pytest
import torch

from medssl.views.pairs import JITTER
from medssl.views.photometric import PhotometricSettings, change_intensity
from medssl.views.photometric.blur import gaussian_blur
from medssl.views.photometric.colour import luminance, random_hue
from medssl.views.randomness import Draws

FULL = JITTER.model_copy(
    update={"gamma": 0.5, "offset": 0.1, "shading": 0.1, "noise": 0.05, "blur_probability": 0.5}
)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_every_image_changes_in_its_own_way(channels: int, ndim: int) -> None:
    images = torch.rand(1, channels, *[12] * ndim).repeat(4, *[1] * (ndim + 1))
    changed = change_intensity(images, FULL, Draws.of(0, range(len(images))))
    assert changed.shape == images.shape
    assert changed.isfinite().all()
    for one in range(4):
        for other in range(one):
            assert not torch.allclose(changed[one], changed[other], atol=1e-3)


def test_nothing_asked_nothing_done() -> None:
    still = PhotometricSettings(gamma=0, contrast=0, offset=0, shading=0, noise=0)
    images = torch.rand(2, 1, 8, 8)
    assert torch.equal(change_intensity(images, still, Draws.of(0, range(len(images)))), images)


@pytest.mark.parametrize("ndim", [2, 3])
def test_blur_keeps_the_sum_and_spreads_by_sigma(ndim: int) -> None:
    image = torch.zeros(2, 1, *[33] * ndim)
    image[(slice(None), 0, *[16] * ndim)] = 1.0
    blurred = gaussian_blur(image, torch.tensor([1.0, 2.0]), 6)
    torch.testing.assert_close(blurred.flatten(1).sum(1), torch.ones(2))
    profile = blurred.flatten(2).reshape(2, 33, -1).sum(2)
    position = torch.arange(33.0) - 16
    variance = (profile * position**2).sum(1)
    torch.testing.assert_close(variance.sqrt(), torch.tensor([1.0, 2.0]), atol=0.05, rtol=0.05)


def test_hue_leaves_greys_alone() -> None:
    grey = torch.rand(2, 1, 6, 6).repeat(1, 3, 1, 1)
    turned = random_hue(grey, 0.5, Draws.of(0, range(2)))
    torch.testing.assert_close(turned, grey, atol=1e-5, rtol=1e-5)
    assert luminance(turned).shape == (2, 1, 6, 6)
