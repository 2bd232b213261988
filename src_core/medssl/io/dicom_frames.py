"""Where the frames of a multi-frame DICOM file lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medssl.errors import FileRefusedError
from medssl.geometry import FloatArray
from medssl.io.dicom_pixels import rescale
from medssl.io.dicom_spacing import pixel_spacing
from medssl.io.dicom_stack import Stack, arrange

#: The functional group that holds slope and intercept.
TRANSFORM = "PixelValueTransformationSequence"


@dataclass(frozen=True)
class Frames:
    """The frames of one file; `stack` is None where they are no volume but a film."""

    stack: Stack | None
    transforms: tuple[Dataset, ...] = ()
    warnings: tuple[str, ...] = ()

    def rescale(self, array: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
        """Apply each frame's own slope and intercept, or the file's."""
        if self.transforms:
            frames = zip(array, self.transforms, strict=True)
            return np.stack([rescale(frame, transform) for frame, transform in frames])
        return rescale(array, dataset)


def frames_stack(dataset: Dataset, path: Path) -> Frames:
    """Find the place of each frame, from functional groups or a dose grid's offsets.

    Raises
    ------
    FileRefusedError
        If the frames lie in several directions or do not make a volume.
    """
    spacing, warnings = pixel_spacing(dataset)
    shape = (int(dataset.Rows), int(dataset.Columns))
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    if groups and spacing:
        shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
        transforms = _transforms(groups, shared)
        placed = _positions(groups, shared, path)
        if placed is None:
            return Frames(None, transforms, warnings)
        positions, orientation = placed
        if np.ptp(positions, axis=0).max() < 1e-3:
            return Frames(None, transforms, warnings)
        stack = arrange(path, positions, orientation, shape, spacing)
        return Frames(stack, transforms, warnings)
    offsets = dataset.get("GridFrameOffsetVector")
    axes, origin = dataset.get("ImageOrientationPatient"), dataset.get("ImagePositionPatient")
    if offsets and axes and origin and spacing:
        normal = np.cross(np.array(axes[:3], float), np.array(axes[3:], float))
        heights = np.array(offsets, float)
        heights -= heights[0]
        positions = np.array(origin, float) + heights[:, None] * normal
        return Frames(arrange(path, positions, axes, shape, spacing), (), warnings)
    return Frames(None, (), warnings)


def frame_header(dataset: Dataset, keyword: str) -> Dataset:
    """Give the item of the first frame's functional group `keyword`, or the data set itself."""
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = dataset.get(name)
        if groups and groups[0].get(keyword):
            found: Dataset = groups[0][keyword][0]
            return found
    return dataset


def _positions(groups: Any, shared: Dataset, path: Path) -> tuple[FloatArray, list[float]] | None:
    positions, orientations = [], []
    for group in groups:
        place = (group.get("PlanePositionSequence") or shared.get("PlanePositionSequence") or [{}])[
            0
        ]
        turn = (
            group.get("PlaneOrientationSequence") or shared.get("PlaneOrientationSequence") or [{}]
        )[0]
        if not place.get("ImagePositionPatient") or not turn.get("ImageOrientationPatient"):
            return None
        positions.append([float(v) for v in place.ImagePositionPatient])
        orientations.append([float(v) for v in turn.ImageOrientationPatient])
    if np.ptp(orientations, axis=0).max() > 0.01:
        raise FileRefusedError(
            path, "its frames lie in several directions", "Export each direction as a series."
        )
    return np.array(positions), orientations[0]


def _transforms(groups: Any, shared: Dataset) -> tuple[Dataset, ...]:
    found = [group.get(TRANSFORM) or shared.get(TRANSFORM) for group in groups]
    return tuple(sequence[0] for sequence in found) if all(found) else ()
