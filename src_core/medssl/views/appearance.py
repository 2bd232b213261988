"""Appearance of a view: jitter of greys or colours and blur, each for a share of the views."""

from __future__ import annotations

import math

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.pairs import JITTER
from medssl.views.photometric import PhotometricSettings, change_intensity
from medssl.views.photometric.blur import gaussian_blur
from medssl.views.randomness import Draws, per_image

SMALLEST_SIGMA = 0.1


class AppearanceSettings(BaseModel):
    """Which part of the views changes, and how strongly."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    photometric: PhotometricSettings = JITTER.model_copy(
        update={"hue": 0.1, "grey_probability": 0.0}
    )
    jitter_probability: float = Field(default=0.8, ge=0, le=1, description="Of the jitter.")
    blur_sigma: float = Field(default=2.0, ge=0.1, description="Largest blur in voxels.")
    blur_probability: float = Field(default=0.5, ge=0, le=1, description="Of the blur.")


def change_appearance(images: Tensor, settings: AppearanceSettings, draws: Draws) -> Tensor:
    """Change greys or colours of images ``(B, C, *spatial)``; values stay within 0 to 1."""
    if settings.jitter_probability > 0:
        chosen = per_image(draws.chance(settings.jitter_probability).float(), images) > 0
        changed = change_intensity(images, settings.photometric, draws).clamp(0, 1)
        images = torch.where(chosen, changed, images)
    if settings.blur_probability > 0:
        chosen = per_image(draws.chance(settings.blur_probability).float(), images) > 0
        sigma = draws.uniform((SMALLEST_SIGMA, settings.blur_sigma))[:, 0]
        radius = math.ceil(3 * settings.blur_sigma)
        images = torch.where(chosen, gaussian_blur(images, sigma, radius), images)
    return images
