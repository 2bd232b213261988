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
VOLUME_WIDTHS = (16, 32, 64, 128, 128)
"""Of a plain net for volumes."""
PLAIN_CONVOLUTIONS = 2


class Architecture(BaseModel):
    """A U-Net: encoder levels at strides 1, 2, 4, ..., a decoder, one head or two.

    `vgg`, `plain` and `resnet` give the families that medssl trains; other widths work too. In a
    `vgg` net a decoder level gives the width of the next finer level, in a `plain` one its own. A
    `resnet` net begins at stride 2; a decoder level of stride ``s`` has ``s/4`` of the stem's
    width.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["vgg", "plain", "resnet"] = Field(
        description="Family: how decoder and head are built."
    )
    ndim: Literal[2, 3] = Field(default=2, description="2 for pictures, 3 for volumes.")
    in_channels: Literal[1, 3] = Field(default=1, description="1 for grey, 3 for colour.")
    widths: tuple[int, ...] = Field(
        min_length=2, description="Channels of each encoder level, finest first."
    )
    convolutions: tuple[int, ...] = Field(
        description="Number of conv-norm-ReLU or, in a resnet, residual blocks in each encoder "
        "level."
    )
    bottleneck: bool = Field(
        default=False, description="resnet: blocks of 1-3-1 voxels, as ResNet-50's."
    )
    out_stride: int = Field(
        default=1, ge=1, description="Voxels an embedding cell along each axis: 1, 2, 4, ..."
    )
    embedding_channels: int = Field(default=32, ge=2, description="Length of an embedding.")
    clusters: int = Field(
        default=0, ge=0, description="Clusters that each cell is assigned to; 0: no second head."
    )

    embedding_of: Literal["head", "decoder", "encoder"] = Field(
        default="head",
        description="What an embedding is: the output of a head that is trained, or, where no "
        "objective trains one, the decoder's or encoder's map at its stride with every channel "
        "brought to mean 0 and deviation 1.",
    )
    restoration: bool = Field(
        default=False, description="Whether the net restores images too, at full resolution."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.convolutions) != len(self.widths):
            raise ValueError("widths and convolutions need one value a level")
        if min(self.widths) < 1 or min(self.convolutions) < 1:
            raise ValueError("widths and convolutions must be positive")
        if self.out_stride not in [self.level_stride(n) for n in range(len(self.widths))]:
            raise ValueError(
                f"out_stride must be a power of two from {self.level_stride(0)} to "
                f"{self.deepest_stride}"
            )
        if self.kind == "resnet" and self.ndim == 3:
            raise ValueError("a resnet is for pictures; take plain for volumes")
        if self.clusters == 1:
            raise ValueError("clusters must be 0 or at least 2")
        if self.embedding_of != "head" and self.embedding_channels != self.feature_channels:
            raise ValueError(
                f"embedding_channels of the {self.embedding_of}'s map are {self.feature_channels}"
            )
        if self.embedding_of == "encoder" and (self.restoration or self.clusters):
            raise ValueError("restoration and clusters need a decoder")
        return self

    @property
    def deepest_stride(self) -> int:
        """Stride of the coarsest encoder level; inputs are padded to a multiple of it."""
        return self.level_stride(len(self.widths) - 1)

    @property
    def out_level(self) -> int:
        """Encoder level whose resolution the embedding has."""
        return (self.out_stride // self.level_stride(0)).bit_length() - 1

    def level_stride(self, level: int) -> int:
        """Voxels a cell of an encoder level along each axis."""
        return (2 if self.kind == "resnet" else 1) << level

    def decoder_width(self, level: int) -> int:
        """Channels that a decoder level gives."""
        if self.kind == "resnet":
            return max(8, self.widths[0] * self.level_stride(level) // 4)
        return self.widths[max(0, level - 1)] if self.kind == "vgg" else self.widths[level]

    @property
    def feature_channels(self) -> int:
        """Channels of the map that embeddings are made of."""
        level, widths = self.out_level, self.widths
        if self.embedding_of == "encoder" or level == len(widths) - 1:
            return widths[level]
        if level == 0 and self.kind != "resnet":
            before = widths[1] if len(widths) == 2 or self.kind == "plain" else widths[0]
            return before + widths[0]
        return self.decoder_width(level)

    @classmethod
    def resnet(
        cls,
        depth: Literal[18, 50] = 18,
        in_channels: Literal[1, 3] = 1,
        width: int = 64,
        out_stride: int = 4,
        embedding_channels: int = 64,
    ) -> Architecture:
        """Describe a ResNet U-Net for pictures; ResNet-50 at width 64 is DiRA's."""
        factor = 4 if depth == 50 else 1
        return cls(
            kind="resnet",
            in_channels=in_channels,
            widths=(width, *[width * factor << level for level in range(4)]),
            convolutions=(1, 3, 4, 6, 3) if depth == 50 else (1, 2, 2, 2, 2),
            bottleneck=depth == 50,
            out_stride=out_stride,
            embedding_channels=embedding_channels,
        )

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
