"""How landmarks are refined: defaults that serve, and what each number means."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RefineSettings(BaseModel):
    """Settings of `refine_landmarks`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(default=250, ge=1, description="Training steps of each head.")
    batch: int = Field(default=4, ge=1, description="Images a step.")
    rate: float = Field(default=5e-3, gt=0, description="Largest learning rate (Adam).")
    width: int = Field(default=32, ge=4, le=512, description="Channels of the head.")
    features: int = Field(
        default=32,
        ge=2,
        description="Principal components of the embedding that the head sees; the encoder "
        "itself stays as it is.",
    )
    cells: int = Field(
        default=1024, ge=64, description="The heat map has about so many cells at most (2-D)."
    )
    heads: int = Field(
        default=1,
        ge=1,
        le=10,
        description="Heads that are trained, from different starts; their answers are joined.",
    )
    confident: float = Field(
        default=0.75,
        gt=0,
        le=1,
        description="Share of the found points of a landmark that become pseudo-labels, the "
        "surest first.",
    )
    most_images: int = Field(
        default=400, ge=2, description="Images that a head learns from, at most."
    )
    person: float = Field(
        default=4.0, ge=1, description="Weight of a person's point beside a sure pseudo-label."
    )
    seed: int = Field(default=0, ge=0, description="Of all that is random.")
