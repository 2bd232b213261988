"""What an evaluation of masks is asked to measure."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medssl.embed import INSTANT
from medssl.errors import SettingsError
from medssl.evaluate.segmentation.unet import UNET
from medssl.segment.clusters.controls import INTENSITY, OTSU
from medssl.segment.shape_guided.controls import FILTERS
from medssl.transfer.base import RANDOM


class SegmentationRequest(BaseModel):
    """What is measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        default="instant",
        description="Model folder, run folder, instant or random (of few labels also random:DIR, "
        "the net of a model without what it has learned); of clusters also the controls "
        "intensity and otsu, of few labels unet, of shapes frangi and sato.",
    )
    mode: Literal["clusters", "few", "shape"] = Field(
        default="clusters", description="Way to segment."
    )
    shots: int = Field(default=1, ge=1, description="Images whose masks are known.")
    seed: int = Field(default=0, ge=0, description="Draws them; of all else random.")
    clusters: int | None = Field(
        default=None, ge=2, le=512, description="Clusters of k-means; empty: chosen."
    )
    reading: Literal["kmeans", "assignment", "prototypes"] = Field(
        default="kmeans", description="How clusters are found: k-means, or the model's own."
    )
    learner: Literal["head", "finetune"] | None = Field(
        default=None,
        description="How few labels teach: a head on the embeddings, or the whole net (if empty).",
    )
    steps: int | None = Field(
        default=None,
        ge=2,
        description="Steps of the fine-tuning (empty: 100), or against the adversary (empty: "
        "those of the preset quick).",
    )
    prior: str | None = Field(default=None, description="shape: folder of masks of the shape.")
    prior_label: str | None = Field(default=None, description="shape: which of several it is.")
    fields: str | None = Field(
        default=None, description="shape: folder of masks of the field of view; empty: found."
    )
    rounds: int = Field(default=1, ge=0, le=5, description="shape: rounds of refinement.")
    side: int | None = Field(
        default=None,
        ge=32,
        description="Longest side of working pictures, of shapes (empty: 512) and fine-tunings "
        "(empty: the model's).",
    )
    polarity: Literal["auto", "dark", "bright", "either"] = Field(
        default="auto", description="shape: how it differs from its surroundings."
    )
    regions: bool = Field(default=False, description="shape: learn stage 2 of LD beside.")
    seconds: float | None = Field(
        default=None,
        gt=0,
        description="Time of the fine-tuning, turned into steps after a few that are timed; "
        "exchanges steps.",
    )
    coarse: bool = Field(
        default=False, description="Fine-tune for cells of the embedding, not for finer detail."
    )
    upright: bool = Field(default=True, description="The images have a known way up.")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        by_kmeans = self.mode == "clusters" and self.reading == "kmeans"
        if self.model in (INTENSITY, OTSU) and not by_kmeans:
            raise ValueError(f"{self.model} is a control of clusters by k-means only")
        if self.clusters is not None and not by_kmeans:
            raise ValueError("a number of clusters is for clusters by k-means only")
        if self.reading != "kmeans" and self.mode != "clusters":
            raise ValueError("clusters are read in the mode clusters only")
        if self.learner is not None and self.mode != "few":
            raise ValueError("a learner is for the mode few only")
        if self.steps is not None and (self.mode == "clusters" or self.learner == "head"):
            raise ValueError("steps are for the fine-tuning of the mode few, and the mode shape")
        if self.seconds is not None and (self.mode != "few" or self.learner == "head"):
            raise ValueError("seconds are for the fine-tuning of the mode few only")
        if self.seconds is not None and self.steps is not None:
            raise ValueError("give steps or seconds, not both")
        if self.side is not None and (self.mode == "clusters" or self.learner == "head"):
            raise ValueError("a side is for the mode shape and the fine-tuning of the mode few")
        if self.coarse and (self.mode != "few" or self.learner == "head" or self.model == UNET):
            raise ValueError("coarse is for the fine-tuning of models in the mode few only")
        if self.model.startswith(f"{RANDOM}:") and (self.mode != "few" or self.learner == "head"):
            raise ValueError("random:DIR is a control of the fine-tuning only")
        if self.model == UNET and (self.mode != "few" or self.learner == "head"):
            raise ValueError("unet is a control of the fine-tuning only")
        if self.model == INSTANT and self.mode == "few" and self.learner != "head":
            raise ValueError("instant has no net to fine-tune; take the learner head")
        if self.mode == "shape" and self.model == INSTANT:
            raise ValueError("instant has no net to learn a shape; name a model, or random")
        if self.mode != "shape" and self.model in FILTERS:
            raise ValueError(f"{self.model} is a control of the mode shape only")
        if (self.mode == "shape") != (self.prior is not None):
            raise ValueError("the mode shape and a prior need each other")
        return self


def make_request(**values: Any) -> SegmentationRequest:
    """Build a request.

    Raises
    ------
    SettingsError
        If something is out of range, or does not go together.
    """
    try:
        return SegmentationRequest(**values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{where}: {what}" if where else what) from error
