"""SimpleITK images and ours, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the name that SimpleITK's own documentation uses

from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io._checks import DAMAGED, require_memory
from medssl.io.image import Axes, Image

sitk.ProcessObject.SetGlobalWarningDisplay(False)


def read_meta(path: Path) -> Image:
    """Read a MetaImage (``.mha``, or ``.mhd`` with its data file) through SimpleITK."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        require_memory(path, reader.GetSize(), 8 * reader.GetNumberOfComponents())
        found = reader.Execute()
    except RuntimeError as error:
        raise FileRefusedError(
            path,
            "SimpleITK cannot read it: its header is wrong, or voxels or their file are missing",
            DAMAGED,
        ) from error
    metadata = {key: found.GetMetaData(key) for key in found.GetMetaDataKeys()}
    return from_itk(found, path, metadata)


def from_itk(found: sitk.Image, path: Path, metadata: dict[str, Any]) -> Image:
    """Turn a SimpleITK image into ours: the same world, array axes ``(z, y, x)``."""
    array = sitk.GetArrayFromImage(found)
    n = found.GetDimension()
    colour = found.GetNumberOfComponentsPerPixel() > 1
    spatial = min(n, 3)
    direction = np.array(found.GetDirection()).reshape(n, n)[:spatial, :spatial]
    shape = array.shape[-spatial - colour : array.ndim - colour]
    grid = Grid.create(
        shape,
        found.GetSpacing()[:spatial][::-1],
        found.GetOrigin()[:spatial],
        direction[:, ::-1],
    )
    letters = "tzyx"[-n:] + ("c" if colour else "")
    axes: Axes = letters  # type: ignore[assignment]
    return Image(array, grid, axes, name=path.name, path=path, metadata=metadata)


def to_itk(image: Image) -> sitk.Image:
    """Turn our image without time axis into SimpleITK's; its grid must be orthogonal."""
    made = sitk.GetImageFromArray(np.ascontiguousarray(image.array), isVector=image.is_colour)
    made.SetSpacing(image.grid.spacing[::-1])
    made.SetOrigin(image.grid.origin)
    made.SetDirection(np.array(image.grid.direction)[:, ::-1].ravel().tolist())
    return made
