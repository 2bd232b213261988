"""Changed images for fine-tuning, with the maps that belong to them changed alike."""

from __future__ import annotations

from torch import Tensor

from medssl.transfer.settings import FinetuneSettings
from medssl.views import ImageBatch
from medssl.views.photometric import change_intensity
from medssl.views.random_warp import random_warp
from medssl.views.randomness import Draws


def changed_images(
    batch: ImageBatch, channels: int, settings: FinetuneSettings, draws: Draws
) -> tuple[Tensor, Tensor]:
    """Warp images and maps together, and change the greys of the images.

    Parameters
    ----------
    batch
        Images ``(B, C + S, *canvas)``: the channels of the image, then maps.
    channels
        Number of channels ``C``.
    settings
        How far they are changed.
    draws
        Random numbers, a stream an image.

    Returns
    -------
    images
        ``(B, C, *canvas)``.
    maps
        ``(B, S, *canvas)``, 0 beyond the image.
    """
    warp = random_warp(batch, batch.canvas, settings.affine, settings.elastic, draws)
    made = warp.apply(batch, "black")
    images = change_intensity(made[:, :channels], settings.photometric, draws).clamp(0, 1)
    return images, made[:, channels:]
