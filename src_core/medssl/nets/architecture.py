"""What a net looks like, as data: enough to build it again from a model folder."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

VGG_WIDTHS: dict[str, tuple[int, ...]] = {
    "tiny": (16, 32, 64, 128, 128),
    "small": (32, 64, 128, 256, 256),
    "full": (64, 128, 256, 512, 512),
}
VGG_CONVOLUTIONS = (2, 2, 3, 3, 3)
PLAIN_WIDTHS = (16, 32, 64, 128, 128, 128)
PLAIN_CONVOLUTIONS = 2


class Architecture(BaseModel):
    """A U-Net: encoder levels at strides 1, 2, 4, ..., a decoder, one head or two.

    `vgg` and `plain` give the two families that medssl trains; other widths work too. In a `vgg`
    net a decoder level gives the width of the next finer level, in a `plain` one its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["vgg", "plain"] = Field(description="Family: how decoder and head are built.")
    ndim: Literal[2, 3] = Field(default=2, description="2 for pictures, 3 for volumes.")
    in_channels: Literal[1, 3] = Field(default=1, description="1 for grey, 3 for colour.")
    widths: tuple[int, ...] = Field(
        min_length=2, description="Channels of each encoder level, finest (stride 1) first."
    )
    convolutions: tuple[int, ...] = Field(
        description="Number of conv-norm-ReLU blocks in each encoder level."
    )
    out_stride: int = Field(
        default=1, ge=1, description="Voxels an embedding cell along each axis: 1, 2, 4, ..."
    )
    embedding_channels: int = Field(default=32, ge=2, description="Length of an embedding.")
    clusters: int = Field(
        default=0, ge=0, description="Clusters that each cell is assigned to; 0: no second head."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.convolutions) != len(self.widths):
            raise ValueError("widths and convolutions need one value a level")
        if min(self.widths) < 1 or min(self.convolutions) < 1:
            raise ValueError("widths and convolutions must be positive")
        if self.out_stride not in [2**level for level in range(len(self.widths))]:
            raise ValueError(f"out_stride must be a power of two up to {self.deepest_stride}")
        if self.clusters == 1:
            raise ValueError("clusters must be 0 or at least 2")
        return self

    @property
    def deepest_stride(self) -> int:
        """Stride of the coarsest encoder level; inputs are padded to a multiple of it."""
        return int(2 ** (len(self.widths) - 1))

    @property
    def out_level(self) -> int:
        """Encoder level whose resolution the embedding has."""
        return self.out_stride.bit_length() - 1

    @classmethod
    def vgg(
        cls,
        size: Literal["tiny", "small", "full"] = "tiny",
        ndim: Literal[2, 3] = 2,
        in_channels: Literal[1, 3] = 1,
        embedding_channels: int = 32,
        clusters: int = 0,
    ) -> Architecture:
        """Describe the paper's net: VGG-16 with batch norm, embeddings at full resolution."""
        return cls(
            kind="vgg",
            ndim=ndim,
            in_channels=in_channels,
            widths=VGG_WIDTHS[size],
            convolutions=VGG_CONVOLUTIONS,
            out_stride=1,
            embedding_channels=embedding_channels,
            clusters=clusters,
        )

    @classmethod
    def plain(
        cls,
        ndim: Literal[2, 3] = 2,
        in_channels: Literal[1, 3] = 1,
        out_stride: int = 4,
        embedding_channels: int = 64,
        widths: tuple[int, ...] = PLAIN_WIDTHS,
        clusters: int = 0,
    ) -> Architecture:
        """Describe the net that trains in minutes on a processor: coarser embeddings, deeper."""
        return cls(
            kind="plain",
            ndim=ndim,
            in_channels=in_channels,
            widths=widths,
            convolutions=(PLAIN_CONVOLUTIONS,) * len(widths),
            out_stride=out_stride,
            embedding_channels=embedding_channels,
            clusters=clusters,
        )
