"""The photometric changes of a view, in order."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.photometric.blur import random_blur
from medssl.views.photometric.brightness import random_brightness, random_offset
from medssl.views.photometric.colour import random_grey, random_hue, random_saturation
from medssl.views.photometric.contrast import random_contrast
from medssl.views.photometric.gamma import random_gamma
from medssl.views.photometric.noise import random_noise
from medssl.views.photometric.shading import random_shading
from medssl.views.randomness import Draws


class PhotometricSettings(BaseModel):
    """How strongly the grey values or colours of a view change; 0 leaves a change out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gamma: float = Field(default=0.65, ge=0, description="Powers between 1/(1+s) and 1+s.")
    contrast: float = Field(default=0.4, ge=0, lt=1, description="Factors between 1−s and 1+s.")
    brightness: float = Field(default=0.0, ge=0, lt=1, description="Factors between 1−s and 1+s.")
    offset: float = Field(default=0.2, ge=0, description="Greys added, between −s and s.")
    shading: float = Field(
        default=0.1, ge=0, description="Standard deviation of greys added that vary slowly."
    )
    noise: float = Field(default=0.08, ge=0, description="Largest standard deviation of noise.")
    blur_sigma: float = Field(default=1.0, ge=0, description="Largest blur in voxels.")
    blur_probability: float = Field(default=0.0, ge=0, le=1, description="Share of blurred views.")
    saturation: float = Field(default=0.0, ge=0, le=1, description="Colour: factors 1−s to 1+s.")
    hue: float = Field(default=0.0, ge=0, le=0.5, description="Colour: share of the circle.")
    grey_probability: float = Field(
        default=0.0, ge=0, le=1, description="Colour: share of views without colour."
    )


def change_intensity(images: Tensor, settings: PhotometricSettings, draws: Draws) -> Tensor:
    """Change each image ``(B, C, *spatial)`` of values 0..1 in its own way.

    Returns
    -------
    Tensor
        Same shape; values may leave 0..1.
    """
    if settings.gamma > 0:
        images = random_gamma(images, settings.gamma, draws)
    if settings.brightness > 0:
        images = random_brightness(images, settings.brightness, draws)
    if settings.contrast > 0:
        images = random_contrast(images, settings.contrast, draws)
    if settings.offset > 0:
        images = random_offset(images, settings.offset, draws)
    if settings.shading > 0:
        images = random_shading(images, settings.shading, draws)
    if images.shape[1] == 3:
        images = _change_colour(images, settings, draws)
    if settings.blur_probability > 0:
        images = random_blur(images, settings.blur_sigma, settings.blur_probability, draws)
    if settings.noise > 0:
        images = random_noise(images, settings.noise, draws)
    return images


def _change_colour(images: Tensor, settings: PhotometricSettings, draws: Draws) -> Tensor:
    if settings.saturation > 0:
        images = random_saturation(images, settings.saturation, draws)
    if settings.hue > 0:
        images = random_hue(images, settings.hue, draws)
    if settings.grey_probability > 0:
        images = random_grey(images, settings.grey_probability, draws)
    return images
