"""What a person asks of a segmentation by shape: one model for command line and job."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

REGIONS = 8
"""Clusters where regions are learned beside; the paper's number."""


class ShapeSettings(BaseModel):
    """How long is learned, at which size, and what is known of the images."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ndim: Literal[2, 3] = Field(default=2, description="Pictures (2) or volumes (3).")
    steps: int = Field(default=600, ge=1, description="Steps against the adversary.")
    refine_steps: int = Field(default=600, ge=2, description="Steps of a round of refinement.")
    rounds: int = Field(
        default=1, ge=0, le=5, description="Rounds of refinement; 0: the adversary alone."
    )
    batch: int = Field(default=3, ge=1, description="Images a step; each is seen twice.")
    crop: int = Field(
        default=128, ge=32, description="Voxels along a side that a step sees of an image."
    )
    longest_side: int = Field(
        default=512, ge=32, le=4096, description="2-D: pixels along the longest working side."
    )
    spacing_mm: float | None = Field(
        default=None, gt=0, description="3-D: working voxel size; empty: chosen by the images."
    )
    regions: bool = Field(
        default=False,
        description="Learn stage 2 of local discrimination beside: embedding and clusters.",
    )
    clusters: int = Field(
        default=2, ge=2, le=64, description="Clusters; the first becomes the shape."
    )
    contrast_weight: float = Field(
        default=1.0, ge=0, description="Weight of the contrast of shape and rest."
    )
    colour: Literal["grey", "red", "green", "blue"] = Field(
        default="green", description="Of colour images, what is looked at."
    )
    polarity: Literal["auto", "dark", "bright", "either"] = Field(
        default="auto",
        description="How the shape differs from its surroundings; auto: chosen by what pieces "
        "dark and bright voxels form.",
    )
    upright: bool = Field(default=False, description="The images have a known way up.")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")
    seed: int = Field(default=0, ge=0, description="Seed of everything random.")

    @classmethod
    def preset(
        cls, effort: Literal["quick", "standard"] = "quick", ndim: Literal[2, 3] = 2, **values: Any
    ) -> Self:
        """Return named settings: `quick` takes some minutes, `standard` four times as many steps.

        Parameters
        ----------
        effort
            The name.
        ndim
            Pictures or volumes, of which a step sees smaller parts.
        values
            Whatever else, by name.
        """
        longer = 4 if effort == "standard" else 1
        begin: dict[str, Any] = {"ndim": ndim, "steps": 600 * longer, "refine_steps": 600 * longer}
        if values.get("regions"):
            begin["clusters"] = REGIONS
        if ndim == 3:
            begin |= {"batch": 1, "crop": 48}
        return cls(**begin | values)
