"""A pretraining method as data: stages, objectives with weights, optimiser, schedule."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medssl.nets.architecture import Architecture
from medssl.objectives import (
    CrossImageMatchingSettings,
    DenseDiscriminationSettings,
    DenseMatchingSettings,
    HypersphereMixupSettings,
    PatchDiscriminationSettings,
    PatchPooling,
)
from medssl.prepare.settings import PrepareSettings
from medssl.views import DenseViewSettings, PairViewSettings

ViewSettings = Annotated[DenseViewSettings | PairViewSettings, Field(discriminator="kind")]
ObjectiveSettings = Annotated[
    DenseDiscriminationSettings
    | DenseMatchingSettings
    | CrossImageMatchingSettings
    | PatchDiscriminationSettings
    | HypersphereMixupSettings,
    Field(discriminator="kind"),
]

_DENSE_KINDS = ("dense_discrimination", "dense_matching", "cross_image_matching")


class Stage(BaseModel):
    """A part of the training with its own views and objectives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w-]+$", description="Name in events and file names.")
    share: float = Field(default=1.0, gt=0, description="Share of all steps, against the others.")
    views: ViewSettings = Field(description="How views are made.")
    pooling: PatchPooling | None = Field(
        default=None, description="Grid that embeddings are pooled on before the objectives."
    )
    correspondences: Literal["none", "descriptor", "net"] = Field(
        default="none",
        description="What links images for cross-image matching: an alignment by the "
        "training-free descriptor, or by descriptor and net as it is when the stage begins.",
    )
    objectives: tuple[ObjectiveSettings, ...] = Field(
        min_length=1, description="Losses; each holds its weight."
    )

    @model_validator(mode="after")
    def _views_fit(self) -> Self:
        dense = self.views.kind == "dense"
        if any((o.kind in _DENSE_KINDS) != dense for o in self.objectives):
            raise ValueError(f"stage {self.name!r}: the objectives do not fit the views")
        if dense == (self.pooling is not None):
            raise ValueError(f"stage {self.name!r}: grid objectives need pooling, dense ones none")
        across = any(o.kind == "cross_image_matching" for o in self.objectives)
        if across != (self.correspondences != "none"):
            raise ValueError(
                f"stage {self.name!r}: cross-image matching and correspondences need each other"
            )
        return self


class Optimiser(BaseModel):
    """How weights follow the gradient."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["adam", "adamw"] = "adamw"
    lr: float = Field(default=2e-3, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(default=1e-2, ge=0, description="Weight decay.")
    clip_norm: float | None = Field(
        default=None, gt=0, description="Largest length of the whole gradient; empty: no limit."
    )


class Schedule(BaseModel):
    """How the learning rate changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["cosine", "halving"] = "cosine"
    warmup_steps: int = Field(default=30, ge=0, description="Steps of linear rise at the start.")
    final: float = Field(default=0.01, ge=0, le=1, description="Cosine: last lr over highest.")
    halve_every: int = Field(default=10_000, ge=1, description="Halving: steps between.")


class Recipe(BaseModel):
    """Everything about a training but the images, the device and the time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name in the model's card.")
    architecture: Architecture = Field(description="The net.")
    prepare: PrepareSettings = Field(description="How images are prepared.")
    stages: tuple[Stage, ...] = Field(min_length=1, description="What is trained, in order.")
    optimiser: Optimiser = Field(default_factory=Optimiser)
    schedule: Schedule = Field(default_factory=Schedule)
    batch: int = Field(default=12, ge=1, description="Images a step and process.")
    steps: int | None = Field(default=None, ge=1, description="Steps, unless asked otherwise.")
    minutes: float | None = Field(
        default=None, gt=0, description="Minutes, where no number of steps is given."
    )
    held_out: float = Field(
        default=0.0, ge=0, le=0.5, description="Share of the images kept for choosing the best."
    )
    validate_every: int = Field(
        default=1000, ge=1, description="Steps between validations on what is held out."
    )
    largest_crop: int = Field(
        default=512, ge=16, description="Longest side of what is seen of an image at once, voxels."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.architecture.ndim != self.prepare.ndim:
            raise ValueError("architecture and preparation have different dimensions")
        if self.architecture.in_channels != self.prepare.channels:
            raise ValueError("architecture and preparation have different channels")
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ValueError(f"every stage needs a name of its own, not {', '.join(names)}")
        pairs = any(stage.views.kind == "pairs" for stage in self.stages)
        if pairs and self.batch % 2:
            raise ValueError("a recipe with pairs of images needs an even batch")
        return self

    @property
    def links_images(self) -> bool:
        """Whether a stage matches across images."""
        return any(stage.correspondences != "none" for stage in self.stages)
