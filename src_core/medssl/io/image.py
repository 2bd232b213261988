"""An image as medssl holds it: pixels that never travel without their geometry."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medssl.errors import GeometryError
from medssl.geometry import Grid

Axes = Literal["yx", "zyx", "yxc", "zyxc", "tyx", "tzyx", "tyxc", "tzyxc"]


@dataclass(frozen=True)
class Image:
    """Pixels with their place in the world.

    Parameters
    ----------
    array
        Pixel values in the file's own meaning (Hounsfield units for CT, rescaled MR, 0 to 255
        for pictures). Axes as `axes` says.
    grid
        Geometry of the spatial axes.
    axes
        ``"yx"`` or ``"zyx"``, with ``c`` last for colour and ``t`` first for time or any
        other fourth axis (diffusion direction, echo).
    name
        Short name to show, without patient data.
    path
        File or folder that it was read from.
    modality
        DICOM's modality code where known (``"CT"``, ``"MR"``, ``"DX"``, ...), else ``""``.
    inverted
        True for MONOCHROME1: low values are meant to be shown bright.
    window
        Centre and width of the file's own window, in pixel values, if it has one.
    warnings
        What a person must know about this image (uneven slices, detector spacing, ...).
    metadata
        Whatever else the file said, under the file format's own names. Values are plain
        numbers, strings, lists and dictionaries. ``plane_lps`` (a 4 × 3 matrix, rows
        flattened: columns y, x, origin) gives a single DICOM slice its place in the patient,
        ``frames`` says what the first axis runs over (`medssl.io.frame_axis`), ``windows`` lists
        all windows of the file, ``orientation_assumed`` that the file does not say which side
        is left.
    files
        The files that it was read from where `path` is their folder, in the order of the time
        points and slices; of a single file that file, or nothing.
    """

    array: NDArray[Any]
    grid: Grid
    axes: Axes
    name: str = ""
    path: Path | None = None
    modality: str = ""
    inverted: bool = False
    window: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if len(self.axes) != self.array.ndim:
            raise GeometryError(f"array has {self.array.ndim} axes, but axes say {self.axes!r}")
        spatial = tuple(s for s, a in zip(self.array.shape, self.axes, strict=True) if a in "zyx")
        if spatial != self.grid.shape:
            raise GeometryError(f"array is {spatial} voxels, but its grid {self.grid.shape}")

    @property
    def ndim(self) -> int:
        """Number of spatial axes, 2 or 3."""
        return self.grid.ndim

    @property
    def is_colour(self) -> bool:
        """Whether the last axis holds colour channels."""
        return self.axes.endswith("c")

    @property
    def frames(self) -> int:
        """Length of the leading time axis, 1 without one."""
        return int(self.array.shape[0]) if self.axes.startswith("t") else 1

    def frame(self, index: int) -> Image:
        """One time point as an image of its own.

        Raises
        ------
        IndexError
            If `index` is not in ``range(frames)``.
        """
        if not 0 <= index < self.frames:
            raise IndexError(f"frame {index} of {self.frames}")
        if not self.axes.startswith("t"):
            return self
        values = {f: getattr(self, f) for f in self.__dataclass_fields__}
        values |= {"array": np.asarray(self.array[index]), "axes": self.axes[1:]}
        return Image(**values)
