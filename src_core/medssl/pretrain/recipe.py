"""A pretraining method as data: stages, objectives with weights, optimiser, schedule."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medssl.nets import Architecture, Parts
from medssl.objectives import (
    AdversarialSettings,
    AssignmentBalanceSettings,
    AssignmentEntropySettings,
    BarlowTwinsSettings,
    CrossImageMatchingSettings,
    DenseDiscriminationSettings,
    DenseMatchingSettings,
    HypersphereMixupSettings,
    MocoSettings,
    PatchDiscriminationSettings,
    PatchPooling,
    RegionDiscriminationSettings,
    RestorationSettings,
    ShapeAdversarySettings,
    ShapeContrastSettings,
    SimsiamSettings,
    VisualWordsSettings,
)
from medssl.prepare.settings import PrepareSettings
from medssl.views import DenseViewSettings, DistortedViewSettings, PairViewSettings

ViewSettings = Annotated[
    DenseViewSettings | PairViewSettings | DistortedViewSettings, Field(discriminator="kind")
]
ObjectiveSettings = Annotated[
    DenseDiscriminationSettings
    | DenseMatchingSettings
    | CrossImageMatchingSettings
    | PatchDiscriminationSettings
    | HypersphereMixupSettings
    | RegionDiscriminationSettings
    | AssignmentEntropySettings
    | AssignmentBalanceSettings
    | MocoSettings
    | BarlowTwinsSettings
    | SimsiamSettings
    | VisualWordsSettings
    | RestorationSettings
    | AdversarialSettings
    | ShapeAdversarySettings
    | ShapeContrastSettings,
    Field(discriminator="kind"),
]

_DENSE_KINDS = ("dense_discrimination", "dense_matching", "cross_image_matching")
_REGION_KINDS = ("region_discrimination", "assignment_entropy", "assignment_balance")
_PAIR_KINDS = ("patch_discrimination", "hypersphere_mixup")
IMAGE_KINDS = ("moco", "barlow_twins", "simsiam", "visual_words")
"""Objectives that tell whole images apart: DiRA's discriminative part."""
_RESTORED_KINDS = ("restoration", "adversarial")
_SHAPE_KINDS = ("shape_contrast", "shape_adversary")


class Stage(BaseModel):
    """A part of the training with its own views and objectives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w-]+$", description="Name in events and file names.")
    share: float = Field(default=1.0, gt=0, description="Share of all steps, against the others.")
    restart: bool = Field(
        default=False, description="The learning rate's schedule begins anew with this stage."
    )
    batch: int | None = Field(
        default=None, ge=1, description="Images a step and process; empty: the recipe's."
    )
    rate: float = Field(
        default=1.0, gt=0, description="Learning rate, as a share of what the schedule says."
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
        kind = self.views.kind
        fitting = {
            "dense": (*_DENSE_KINDS, *_SHAPE_KINDS),
            "pairs": _PAIR_KINDS,
            "distorted": (*IMAGE_KINDS, *_RESTORED_KINDS, *_DENSE_KINDS[:2]),
        }[kind]
        if any(o.kind not in (*fitting, *_REGION_KINDS) for o in self.objectives):
            raise ValueError(f"stage {self.name!r}: the objectives do not fit the views")
        if (kind == "pairs") != (self.pooling is not None):
            raise ValueError(f"stage {self.name!r}: grid objectives need pooling, dense ones none")
        if self.views.kind == "distorted" and bool(self.views.points) != self.discriminates_places:
            raise ValueError(f"stage {self.name!r}: points and dense objectives need each other")
        if self.views.kind == "distorted" and self.words and not self.views.crops.overlap:
            raise ValueError(f"stage {self.name!r}: visual words need two crops that overlap")
        kinds = [o.kind for o in self.objectives]
        if "adversarial" in kinds and "restoration" not in kinds:
            raise ValueError(f"stage {self.name!r}: the adversary needs a restoration to judge")
        patches = math.prod(-(-side // 8) for side in getattr(self.views, "size", ()))
        if "adversarial" in kinds and patches < 2:
            raise ValueError(f"stage {self.name!r}: the adversary needs views of two patches")
        across = any(o.kind == "cross_image_matching" for o in self.objectives)
        if across != (self.correspondences != "none"):
            raise ValueError(
                f"stage {self.name!r}: cross-image matching and correspondences need each other"
            )
        return self

    @property
    def assigns(self) -> bool:
        """Whether its objectives need the assignment of cells to clusters."""
        return any(o.kind in (*_REGION_KINDS, *_SHAPE_KINDS) for o in self.objectives)

    @property
    def discriminates_places(self) -> bool:
        """Whether its objectives train the embedding's head."""
        return any(o.kind in (*_DENSE_KINDS, *_PAIR_KINDS) for o in self.objectives)

    @property
    def words(self) -> int:
        """Number of visual words that its objectives tell apart; 0: none does."""
        return max((o.words for o in self.objectives if o.kind == "visual_words"), default=0)

    @property
    def restores(self) -> bool:
        """Whether its objectives need restored images."""
        return any(o.kind in _RESTORED_KINDS for o in self.objectives)

    def parts(self, architecture: Architecture) -> Parts:
        """Return which outputs of the net its objectives need.

        An embedding without a head is computed wherever its map is, for its statistics.
        """
        kept = {"head": False, "decoder": self.restores, "encoder": True}
        return Parts(
            embedding=self.discriminates_places or kept[architecture.embedding_of],
            assignment=self.assigns,
            deepest=any(o.kind in IMAGE_KINDS for o in self.objectives),
            restored=self.restores,
        )


class Optimiser(BaseModel):
    """How weights follow the gradient."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["adam", "adamw", "sgd"] = Field(
        default="adamw", description="sgd has momentum 0.9."
    )
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
        if len({stage.words for stage in self.stages if stage.words}) > 1:
            raise ValueError("all stages with visual words need equally many")
        self._check_restoration()
        pairs = any(stage.views.kind == "pairs" for stage in self.stages)
        if pairs and any(self.batch_of(n) % 2 for n in range(len(self.stages))):
            raise ValueError("a recipe with pairs of images needs an even batch")
        return self

    def _check_restoration(self) -> None:
        net = self.architecture
        if any(stage.restores for stage in self.stages) != net.restoration:
            raise ValueError("restoration in architecture and stages need each other")
        learned = any(stage.discriminates_places for stage in self.stages)
        if learned != (net.embedding_of == "head"):
            raise ValueError("an embedding's head and an objective that trains it need each other")
        for stage in self.stages:
            if stage.views.kind == "distorted":
                size = stage.views.size
                if len(size) != net.ndim or any(side % net.deepest_stride for side in size):
                    raise ValueError(
                        f"stage {stage.name!r}: views need {net.ndim} sides, multiples of "
                        f"{net.deepest_stride}, not {' × '.join(map(str, size))}"
                    )

    def batch_of(self, number: int) -> int:
        """Return the images a step and process of a stage."""
        return self.stages[number].batch or self.batch

    def linking_stage(self, number: int) -> Stage:
        """Return the stage whose links a stage uses: the first that links by the descriptor.

        The descriptor does not learn, so that its links are the same in all stages.
        """
        stage = self.stages[number]
        if stage.correspondences != "descriptor":
            return stage
        return next(other for other in self.stages if other.correspondences == "descriptor")

    @property
    def stage_with_words(self) -> Stage | None:
        """The first stage that tells visual words apart, whose words all stages use; or None."""
        return next((stage for stage in self.stages if stage.words), None)

    @property
    def restored_views(self) -> DistortedViewSettings | None:
        """How the views are made that the last stage restores; None where none does."""
        for stage in reversed(self.stages):
            if stage.restores and isinstance(stage.views, DistortedViewSettings):
                return stage.views
        return None

    @property
    def links_images(self) -> bool:
        """Whether a stage matches across images."""
        return any(stage.correspondences != "none" for stage in self.stages)
