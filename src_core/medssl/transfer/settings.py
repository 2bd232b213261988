"""What a person asks of a fine-tuning: one model for command line, form and job."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from medssl.views.affine import AffineSettings
from medssl.views.elastic import ElasticSettings
from medssl.views.photometric import PhotometricSettings

_FEW_RATE = 3e-3
"""Lower than with many labels: a few dozen steps at a high rate leave the batch norms behind."""
_FEW_BATCH = {2: 6, 3: 4}
"""Images a step: with few labels a larger batch shows the same few again."""
_DETAILED_BATCH = {2: 3, 3: 4}
"""The same in full detail: a picture has more borders then, and a step takes longer."""
_SETTLE = 8
_FREE = {"rotation_degrees": 180.0, "flip_axes": (-1,)}


class FinetuneSettings(BaseModel):
    """How a net learns from labels after its pretraining."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(default=150, ge=2, description="Steps in all.")
    frozen_share: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of the steps in which only what is new learns. Nothing is frozen where "
        "nothing was transferred: all learns in all steps.",
    )
    batch: int = Field(default=16, ge=2, description="Images a step.")
    lr: float = Field(default=6e-3, gt=0, description="Highest learning rate of what is new.")
    transferred_rate: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Learning rate of what was transferred, as a share of it.",
    )
    weight_decay: float = Field(default=1e-2, ge=0, description="Weight decay.")
    settle: int = Field(
        default=0,
        ge=0,
        description="Batches seen once more at the end, from which batch norms take their "
        "statistics if some are new; for trainings of a few dozen steps, in which these do not "
        "arrive.",
    )
    largest_crop: int = Field(
        default=256, ge=16, description="Voxels along a side that a step sees of an image."
    )
    longest_side: int | None = Field(
        default=None,
        ge=32,
        le=4096,
        description="Pictures: pixels along the longest side to work at. Empty: the model's.",
    )
    coarse: bool = Field(
        default=False,
        description="Masks: learn cells of the embedding and no finer detail; more steps in the "
        "same time, and nothing of the decoder is new.",
    )
    affine: AffineSettings = Field(default_factory=AffineSettings)
    elastic: ElasticSettings = Field(default_factory=ElasticSettings)
    photometric: PhotometricSettings = Field(default_factory=PhotometricSettings)
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")
    seed: int = Field(default=0, ge=0, description="Seed of everything random.")

    @classmethod
    def preset(
        cls,
        effort: Literal["quick", "standard", "paper"] = "quick",
        ndim: Literal[2, 3] = 2,
        upright: bool = True,
        device: str = "auto",
        seed: int = 0,
    ) -> Self:
        """Return named settings.

        Parameters
        ----------
        effort
            `quick` takes a minute or so, `standard` ten times as many steps; `paper` is the
            schedule of the LD paper's transfer: Adam at 1e-3, half of the steps with the encoder
            frozen.
        ndim
            Pictures or volumes, of which a step sees fewer.
        upright
            Whether images have a known way up (no flips, small rotations).
        device, seed
            As they are.
        """
        steps = {"quick": 150, "standard": 1500, "paper": 10_000}[effort]
        values = {"lr": 1e-3, "frozen_share": 0.5, "weight_decay": 0.0}
        return cls(
            steps=steps,
            batch=16 if ndim == 2 else 4,
            largest_crop=256 if ndim == 2 else 64,
            affine=AffineSettings() if upright else AffineSettings(**_FREE),
            device=device,
            seed=seed,
            **(values if effort == "paper" else {}),
        )

    @classmethod
    def few_labels(
        cls,
        ndim: Literal[2, 3] = 2,
        upright: bool = True,
        device: str = "auto",
        seed: int = 0,
        coarse: bool = False,
    ) -> Self:
        """Return the preset `quick` for masks of one to ten images: small steps, many of them.

        Parameters
        ----------
        ndim, upright, device, seed
            As of `preset`.
        coarse
            Learn cells of the embedding and no finer detail.
        """
        batch = (_FEW_BATCH if coarse else _DETAILED_BATCH)[ndim]
        values = {"lr": _FEW_RATE, "batch": batch, "coarse": coarse}
        values |= {"settle": _SETTLE}
        return cls.preset("quick", ndim, upright, device, seed).model_copy(update=values)
