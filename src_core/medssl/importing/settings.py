"""What is asked for when weights are imported."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medssl.errors import SettingsError
from medssl.nets.architecture import PLAIN_WIDTHS, VGG_WIDTHS, Architecture
from medssl.prepare.settings import PrepareSettings

ArchName = Literal["resnet18", "resnet50", "plain", "vgg-tiny", "vgg-small", "vgg-full"]
InputNorm = Literal["auto", "imagenet", "unit", "own"]
RESNET_WIDTH = 64


class ImportSettings(BaseModel):
    """The net that the weights are for, and the images that it shall see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arch: ArchName = Field(description="Family and size of the net.")
    width: int | None = Field(
        default=None,
        ge=1,
        description="Channels of the first level, where they are not the family's own.",
    )
    ndim: Literal[2, 3] = Field(default=2, description="Pictures (2) or volumes (3).")
    channels: Literal[1, 3] = Field(default=1, description="Grey (1) or colour (3).")
    longest_side: int | None = Field(
        default=None, ge=16, le=4096, description="2-D: longest side of the working grid."
    )
    spacing_mm: float | None = Field(default=None, gt=0, description="3-D: voxel size.")
    stride: int | None = Field(
        default=None, ge=1, description="Working voxels an embedding cell; empty: what fits best."
    )
    input_norm: InputNorm = Field(
        default="auto",
        description="Values that the weights were trained on: ImageNet's mean and deviation, 0 to "
        "1, or −1 to 1 as medssl's own.",
    )
    licence: str = Field(default="not stated", description="Licence of the weights.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.ndim == 3 and self.arch.startswith("resnet"):
            raise ValueError(f"{self.arch} is for pictures; take plain or vgg for volumes")
        if self.ndim == 3 and self.spacing_mm is None:
            raise ValueError("volumes need the size of a working voxel in mm (--spacing-mm)")
        if self.ndim == 3 and self.longest_side is not None:
            raise ValueError("--longest-side is for pictures; volumes have --spacing-mm")
        if self.ndim == 2 and self.spacing_mm is not None:
            raise ValueError("--spacing-mm is for volumes; pictures have --longest-side")
        if self.arch.startswith("vgg") and self.width is not None:
            raise ValueError(
                "a vgg net has the width of its name: "
                + ", ".join(f"vgg-{name} {widths[0]}" for name, widths in VGG_WIDTHS.items())
            )
        return self

    @property
    def prepare(self) -> PrepareSettings:
        """How images are prepared for the net."""
        given = {"longest_side": self.longest_side, "spacing_mm": self.spacing_mm}
        return PrepareSettings.model_validate(
            {"ndim": self.ndim, "channels": self.channels}
            | {name: value for name, value in given.items() if value is not None}
        )

    @property
    def net(self) -> Architecture:
        """The net's encoder; what is built on it follows from the weights."""
        if self.arch in ("resnet18", "resnet50"):
            depth: Literal[18, 50] = 18 if self.arch == "resnet18" else 50
            return Architecture.resnet(depth, self.channels, self.width or RESNET_WIDTH)
        if self.arch == "plain":
            first = self.width or PLAIN_WIDTHS[0]
            widths = tuple(max(1, width * first // PLAIN_WIDTHS[0]) for width in PLAIN_WIDTHS)
            return Architecture.plain(self.ndim, self.channels, widths=widths)
        sizes: dict[str, Literal["tiny", "small", "full"]] = {
            "vgg-tiny": "tiny",
            "vgg-small": "small",
            "vgg-full": "full",
        }
        return Architecture.vgg(sizes[self.arch], self.ndim, self.channels)


def make_settings(**given: Any) -> ImportSettings:
    """Check what a person asked for.

    Raises
    ------
    SettingsError
        If it does not fit together.
    """
    try:
        return ImportSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        names = "".join(f"--{part}: ".replace("_", "-") for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        raise SettingsError(f"{names}{problem}") from error
