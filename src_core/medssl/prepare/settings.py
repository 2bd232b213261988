"""How images are prepared: one typed model for the form, the command line and the model folder."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.prepare.contrast import ContrastSettings

PREPARATION_VERSION = 1
"""Raised whenever the same image and settings would give other values than before."""


class PrepareSettings(BaseModel):
    """The working grid and the channels that a model sees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ndim: Literal[2, 3] = Field(default=2, description="Pictures (2) or volumes (3).")
    longest_side: int = Field(
        default=256,
        ge=16,
        le=4096,
        description="2-D: pixels along the longest side of the working grid; the aspect is kept.",
    )
    spacing_mm: float | None = Field(
        default=None,
        gt=0,
        description="3-D: voxel size of the isotropic working grid; empty chooses it by cohort.",
    )
    max_side: int = Field(
        default=192,
        ge=16,
        le=1024,
        description="3-D: most voxels along a side when the voxel size is chosen by cohort.",
    )
    channels: Literal[1, 3] = Field(default=1, description="Grey (1) or colour (3).")
    contrast: ContrastSettings | None = Field(
        default=None,
        description="In place of the colours: local contrast in two windows, and the field of "
        "view. Empty: the colours.",
    )

    @model_validator(mode="after")
    def _contrast_has_three(self) -> Self:
        if self.contrast is not None and self.channels != 3:
            raise ValueError("local contrast has three channels")
        return self

    @property
    def digest(self) -> str:
        """Short hash that changes whenever prepared values would."""
        relevant: tuple[object, ...] = {
            2: (2, self.longest_side, self.channels),
            3: (3, self.spacing_mm, self.channels),
        }[self.ndim]
        if self.contrast is not None:
            relevant = (*relevant, self.contrast.window, self.contrast.colour)
        text = repr((PREPARATION_VERSION, *relevant))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def resolve_settings(grids: Sequence[Grid], settings: PrepareSettings) -> PrepareSettings:
    """Choose what was left open, from the geometry of a cohort.

    In 3-D the voxel size becomes the median over the images of their finest spacing, made
    coarser until no working grid has more than `max_side` voxels along a side, and rounded up
    to two digits. 2-D settings, and 3-D settings with a voxel size, come back unchanged.

    Raises
    ------
    SettingsError
        If there is no volume to choose from.
    """
    if settings.ndim == 2 or settings.spacing_mm is not None:
        return settings
    volumes = [grid for grid in grids if grid.ndim == 3]
    if not volumes:
        raise SettingsError(
            "the voxel size cannot be chosen without a single volume; "
            "give volumes, or state the voxel size"
        )
    finest = float(np.median([min(grid.spacing) for grid in volumes]))
    longest = max(
        shape * spacing
        for grid in volumes
        for shape, spacing in zip(grid.shape, grid.spacing, strict=True)
    )
    spacing = max(finest, longest / settings.max_side)
    return settings.model_copy(update={"spacing_mm": _round_up(spacing)})


def _round_up(value: float, digits: int = 2) -> float:
    """Round up to `digits` significant digits (a value already round stays)."""
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(f"{math.ceil(value / step - 1e-6) * step:.6g}")
