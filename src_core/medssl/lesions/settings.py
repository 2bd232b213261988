"""How a classifier of lesions learns: one model for command line, form and job."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from medssl.transfer import FinetuneSettings
from medssl.views.affine import AffineSettings
from medssl.views.photometric import PhotometricSettings

Pooling = Literal["average", "log-sum-exp", "attention"]


class HeadSettings(BaseModel):
    """What is new on top of the encoder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: Literal["encoder", "decoder"] = Field(
        default="encoder",
        description="Whose map is classified place by place: the encoder's, or the decoder's, "
        "which sees further at the same stride.",
    )
    stride: int = Field(
        default=8, ge=1, description="Working voxels a place of that map along each axis."
    )
    pooling: Pooling = Field(
        default="log-sum-exp",
        description="How the places become one answer: their mean, a smooth maximum, or a mean "
        "weighted by gated attention.",
    )
    sharpness: float = Field(
        default=4.0,
        gt=0,
        description="log-sum-exp: from the mean (towards 0) to the maximum (large).",
    )


class LesionSettings(BaseModel):
    """How a classifier learns from labels of whole images to tell and to show lesions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: HeadSettings = Field(default_factory=HeadSettings)
    learning: FinetuneSettings = Field(default_factory=FinetuneSettings)
    folds: int = Field(
        default=4,
        ge=2,
        description="Nets that learn, each without one part of the images, on which it is checked "
        "and stopped; all of them answer together.",
    )
    checks: int = Field(default=8, ge=1, description="Times that a net is checked as it learns.")
    patience: int = Field(
        default=4, ge=1, description="Checks without a better one after which a net is stopped."
    )
    mirror: bool = Field(
        default=True,
        description="Whether a mirrored image (left-right) is as normal or abnormal as it was.",
    )

    @classmethod
    def preset(
        cls,
        effort: Literal["quick", "standard"] = "quick",
        ndim: Literal[2, 3] = 2,
        mirror: bool = True,
        device: str = "auto",
        seed: int = 0,
    ) -> Self:
        """Return named settings.

        Parameters
        ----------
        effort
            `quick` takes minutes, `standard` four times as many steps.
        ndim
            Pictures or volumes, which are classified at a finer stride.
        mirror
            Whether images are mirrored, in learning and in answering.
        device, seed
            As they are.
        """
        learning = FinetuneSettings(
            steps={"quick": 240, "standard": 960}[effort],
            batch=24 if ndim == 2 else 4,
            lr=4e-3,
            frozen_share=0.1,
            largest_crop=512 if ndim == 2 else 160,
            affine=AffineSettings(flip_axes=(-1,) if mirror else ()),
            photometric=PhotometricSettings(
                gamma=0.3, contrast=0.2, offset=0.1, shading=0.05, noise=0.03
            ),
            device=device,
            seed=seed,
        )
        head = HeadSettings(stride=8 if ndim == 2 else 4)
        return cls(head=head, learning=learning, mirror=mirror)
