"""A pretraining method as data: stages, objectives with weights, optimiser, schedule."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medssl.nets.architecture import Architecture
from medssl.objectives import (
    AssignmentEntropySettings,
    CrossImageMatchingSettings,
    DenseDiscriminationSettings,
    DenseMatchingSettings,
    HypersphereMixupSettings,
    PatchDiscriminationSettings,
    PatchPooling,
    RegionDiscriminationSettings,
)
from medssl.prepare.settings import PrepareSettings
from medssl.views import DenseViewSettings, PairViewSettings

ViewSettings = Annotated[DenseViewSettings | PairViewSettings, Field(discriminator="kind")]
ObjectiveSettings = Annotated[
    DenseDiscriminationSettings
    | DenseMatchingSettings
    | CrossImageMatchingSettings
    | PatchDiscriminationSettings
    | HypersphereMixupSettings
    | RegionDiscriminationSettings
    | AssignmentEntropySettings,
    Field(discriminator="kind"),
]

_DENSE_KINDS = ("dense_discrimination", "dense_matching", "cross_image_matching")
_REGION_KINDS = ("region_discrimination", "assignment_entropy")


class Stage(BaseModel):
    """A part of the training with its own views and objectives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w-]+$", description="Name in events and file names.")
    share: float = Field(default=1.0, gt=0, description="Share of all steps, against the others.")
    restart: bool = Field(
        default=False, description="The learning rate's schedule begins anew with this stage."
    )
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
        own = [o for o in self.objectives if o.kind not in _REGION_KINDS]
        if any((o.kind in _DENSE_KINDS) != dense for o in own):
            raise ValueError(f"stage {self.name!r}: the objectives do not fit the views")
        if dense == (self.pooling is not None):
            raise ValueError(f"stage {self.name!r}: grid objectives need pooling, dense ones none")
        across = any(o.kind == "cross_image_matching" for o in self.objectives)
        if across != (self.correspondences != "none"):
            raise ValueError(
                f"stage {self.name!r}: cross-image matching and correspondences need each other"
            )
        return self

    @property
    def assigns(self) -> bool:
        """Whether its objectives need the assignment of cells to clusters."""
        return any(o.kind in _REGION_KINDS for o in self.objectives)


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
        if any(stage.assigns for stage in self.stages) != (self.architecture.clusters > 0):
            raise ValueError("clusters in the architecture and regions in a stage need each other")
        pairs = any(stage.views.kind == "pairs" for stage in self.stages)
        if pairs and self.batch % 2:
            raise ValueError("a recipe with pairs of images needs an even batch")
        return self

    def linking_stage(self, number: int) -> Stage:
        """Return the stage whose links a stage uses: the first that links by the descriptor.

        The descriptor does not learn, so that its links are the same in all stages.
        """
        stage = self.stages[number]
        if stage.correspondences != "descriptor":
            return stage
        return next(other for other in self.stages if other.correspondences == "descriptor")

    @property
    def links_images(self) -> bool:
        """Whether a stage matches across images."""
        return any(stage.correspondences != "none" for stage in self.stages)
