"""DICOM parametric maps: any map of real numbers on the images that it was made from.

`medssl.io.read_image` reads them as it reads every multi-frame file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.io._atomic import refuse_existing
from medssl.io.dicom_extra import (
    deriving,
    own_tags,
    require_highdicom,
    require_text,
    store,
)
from medssl.io.dicom_source import DicomSource
from medssl.io.same_grid import onto_grid
from medssl.io.segmentation import Code

#: The unit of numbers without one.
NO_UNITS = Code("1", "UCUM", "no units")


def write_dicom_map(
    path: Path,
    values: NDArray[Any],
    grid: Grid,
    source: DicomSource,
    name: str = "Lesion map",
    unit: Code = NO_UNITS,
    overwrite: bool = False,
) -> Path:
    """Write a map as one DICOM parametric map, in single precision.

    Parameters
    ----------
    path
        The file.
    values
        ``(z, y, x)`` or ``(y, x)``; finite numbers.
    grid
        Where they lie: the grid of the source, in whatever order of axes.
    source
        The images that the map was made from.
    name, unit
        What the numbers mean.
    overwrite
        Whether a file of that name may be replaced.

    Raises
    ------
    FileRefusedError
        If the source cannot be referred to, or there is such a file already.
    GeometryError
        If the map lies on another grid.
    SettingsError
        If a value is not finite, DICOM cannot keep the name, or highdicom is not installed.
    StorageError
        If it cannot be written.
    """
    require_highdicom()
    refuse_existing(path, overwrite)
    if not np.isfinite(values).all():
        raise SettingsError("the map holds values that are no finite numbers. Replace them first")
    require_text(name, "the map")
    if source.grid.ndim == 2 and source.plane is None:
        raise FileRefusedError(
            source.path,
            "a parametric map needs a place in the patient, and this image has none",
            "Write the map as NIfTI or TIFF.",
        )
    placed = onto_grid(np.asarray(values, np.float32), grid, source.grid)
    low, high = float(placed.min()), float(placed.max())
    with deriving(source.path):
        made = _object(source, placed, (low, high), name, unit)
    return store(path, made, overwrite)


def _object(
    source: DicomSource, placed: NDArray[Any], reach: tuple[float, float], name: str, unit: Code
) -> Any:
    from highdicom import VOILUTTransformation
    from highdicom.pm import ParametricMap, RealWorldValueMapping
    from highdicom.sr import CodedConcept

    low, high = reach
    mapping = RealWorldValueMapping(
        lut_label=name[:16],
        lut_explanation=name,
        unit=CodedConcept(*unit),
        value_range=(low, high),
        slope=1.0,
        intercept=0.0,
    )
    window = VOILUTTransformation((low + high) / 2, max(high - low, 1e-6))
    return ParametricMap(
        source_images=list(source.headers),
        pixel_array=source.arranged(placed),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[window],
        pixel_measures=source.measures(),
        content_label="MAP",
        content_description=name,
        **own_tags(source.headers[0], name),
    )
