"""How landmarks are matched: defaults that serve, and what each number means."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from medssl.correspond.cells import MOST_CELLS


class MatchSettings(BaseModel):
    """Settings of `LandmarkFinder`; lengths are shares of the images' longest side.

    The defaults are those of pictures; `for_dimension` gives those of volumes too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    align: bool = Field(
        default=True,
        description="Fit a smooth deformation from the template image to each image first; "
        "without it the similarity map alone decides, as in the paper.",
    )
    anchors: int = Field(
        default=150, ge=8, le=2000, description="Points of the template image that are aligned."
    )
    cells: int = Field(
        default=MOST_CELLS,
        ge=8,
        description="Embeddings are pooled to at most about so many cells for the alignment.",
    )
    iterations: int = Field(default=4, ge=1, le=20, description="Rounds of the alignment.")
    pull: float = Field(
        default=60.0,
        ge=0.0,
        description="Similarity lost for leaving the aligned place by one longest side, squared.",
    )
    blend: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="Share of the local similarity peak in the answer; the rest is the alignment.",
    )
    window_share: float = Field(
        default=0.0,
        ge=0.0,
        le=0.5,
        description="Side of the Gaussian window that pools the embedding around each place "
        "(the paper's patch is 1/8), as a share of the longest side; 0 pools nothing.",
    )
    cycle: bool = Field(
        default=True, description="Match each found point back into the template image."
    )
    relays: int = Field(
        default=30,
        ge=0,
        le=50,
        description="Other images through which each point is also carried; where the ways "
        "disagree, the confidence falls.",
    )
    shape_check: bool = Field(
        default=True,
        description="With four or more landmarks, flag points that break the set's shape.",
    )

    @classmethod
    def for_dimension(cls, ndim: int) -> MatchSettings:
        """Return the defaults for pictures (2) or volumes (3).

        A volume has more to cover with anchors and cells, and its similarity peaks are so much
        sharper than its alignment that they decide alone.
        """
        if ndim == 2:
            return cls()
        return cls(anchors=250, cells=2500, pull=30.0, blend=1.0)
