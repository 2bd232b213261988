"""DICOM segmentations (SEG): binary segments that refer to the images they were drawn on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medssl.errors import FileRefusedError, GeometryError, SettingsError
from medssl.geometry import Grid
from medssl.io._atomic import refuse_existing
from medssl.io._checks import refusing
from medssl.io.dicom_extra import (
    deriving,
    own_tags,
    require_highdicom,
    require_text,
    store,
)
from medssl.io.dicom_headers import PYDICOM_ERRORS
from medssl.io.dicom_source import DicomSource
from medssl.io.segmentation import Code, Segment, Segmentation


def write_dicom_seg(
    path: Path,
    segmentation: Segmentation,
    source: DicomSource,
    algorithm: str = "",
    overwrite: bool = False,
) -> Path:
    """Write a segmentation as one DICOM SEG object of the source's patient and study.

    Segments are numbered 1, 2, ... in their order. Slices without a voxel are left out.

    Parameters
    ----------
    path
        The file.
    segmentation
        On the grid of the source, in whatever order of axes.
    source
        The images that it was drawn on.
    algorithm
        Name of what drew it; empty: a person did.
    overwrite
        Whether a file of that name may be replaced.

    Raises
    ------
    FileRefusedError
        If the source cannot be referred to, or there is such a file already.
    GeometryError
        If the segmentation lies on another grid.
    SettingsError
        If no segment has a voxel, DICOM cannot keep a name, or highdicom is not installed.
    StorageError
        If it cannot be written.
    """
    require_highdicom()
    refuse_existing(path, overwrite)
    placed = segmentation.on(source.grid)
    if not any(placed.mask(segment).any() for segment in placed.segments):
        raise SettingsError("no segment has a voxel: there is nothing to write")
    from highdicom.seg import Segmentation as SegmentationObject

    several = len(placed.layers) > 1
    array = _stacked(placed) if several else _numbered(placed)
    with deriving(source.path):
        made = SegmentationObject(
            source_images=list(source.headers),
            pixel_array=source.arranged(array, "SegmentNumber" if several else ""),
            segmentation_type="BINARY",
            segment_descriptions=_descriptions(placed, algorithm),
            pixel_measures=source.measures(),
            content_label="SEGMENTATION",
            content_description="Segmentation",
            **own_tags(source.headers[0], "Segmentation"),
        )
    return store(path, made, overwrite)


def _numbered(placed: Segmentation) -> NDArray[Any]:
    numbers = np.zeros(65536, np.uint16)
    for number, segment in enumerate(placed.segments, 1):
        numbers[segment.label] = number
    return np.asarray(numbers[placed.layers[0]])


def _stacked(placed: Segmentation) -> NDArray[Any]:
    return np.stack([placed.mask(segment) for segment in placed.segments], axis=-1).astype(np.uint8)


def _descriptions(placed: Segmentation, algorithm: str) -> list[Any]:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    from medssl import __version__

    described = []
    for number, segment in enumerate(placed.segments, 1):
        require_text(segment.name, "a segment")
        identified = AlgorithmIdentificationSequence(
            algorithm or "none", codes.DCM.ArtificialIntelligence, __version__
        )
        red, green, blue = (int(segment.colour[i : i + 2], 16) for i in (1, 3, 5))
        described.append(
            SegmentDescription(
                segment_number=number,
                segment_label=segment.name,
                segmented_property_category=CodedConcept(*segment.category),
                segmented_property_type=CodedConcept(*segment.kind),
                algorithm_type="AUTOMATIC" if algorithm else "MANUAL",
                algorithm_identification=identified if algorithm else None,
                display_color=CIELabColor.from_rgb(red, green, blue),
            )
        )
    return described


def read_dicom_seg(path: Path, source: DicomSource | None = None) -> Segmentation:
    """Read a DICOM SEG, onto the grid of its source where that is given.

    Raises
    ------
    FileRefusedError
        If it is no DICOM SEG, holds fractions, is damaged, or its frames make no volume.
    GeometryError
        If it does not lie on the grid of `source`.
    SettingsError
        If highdicom is not installed.
    """
    require_highdicom()
    with refusing(path, "it is no DICOM segmentation that can be read", *PYDICOM_ERRORS):
        found = pydicom.dcmread(path, force=True)
        kind = str(found.get("SegmentationType") or "")
        if kind not in ("BINARY", "LABELMAP"):
            what = f"a {kind.lower()} segmentation" if kind else "no DICOM segmentation"
            raise FileRefusedError(path, f"it is {what}", "Give a DICOM SEG of whole segments.")
        segments = [_segment(item) for item in found.SegmentSequence if item.SegmentNumber]
        first = found.PerFrameFunctionalGroupsSequence[0]
        groups = (*found.get("SharedFunctionalGroupsSequence", ()), first)
        placed = any("PlanePositionSequence" in group for group in groups)
        masks, grid = _deep(found) if placed else _flat(found)
        read = _layered(masks, segments, grid)
    if source is None:
        return read
    if source.grid.ndim == 3 or read.grid.ndim == 2:
        return read.on(source.grid)
    if read.layers.shape[1:] != (1, *source.grid.shape):
        raise GeometryError(f"{path}: it does not lie on the slice that is given")
    return Segmentation(read.layers[:, 0], source.grid, read.segments)


def _deep(found: Dataset) -> tuple[NDArray[Any], Grid]:
    from highdicom.seg import Segmentation as SegmentationObject

    made = SegmentationObject.from_dataset(found, copy=False)
    numbers = [number for number in made.segment_numbers if number]  # 0 is the background
    volume = made.get_volume(segment_numbers=numbers, combine_segments=False)
    return volume.array, Grid.from_affine(volume.array.shape[:3], volume.affine)


def _flat(found: Dataset) -> tuple[NDArray[Any], Grid]:
    """Masks ``(y, x, segment)`` of a film, which has no place in the patient."""
    numbers = [int(item.SegmentNumber) for item in found.SegmentSequence]
    masks = np.zeros((int(found.Rows), int(found.Columns), len(numbers)), np.uint8)
    frames = found.pixel_array.reshape(-1, *masks.shape[:2])
    shared = (found.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for frame, group in zip(frames, found.PerFrameFunctionalGroupsSequence, strict=True):
        holder = group if "SegmentIdentificationSequence" in group else shared
        number = int(holder.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        masks[..., numbers.index(number)] |= frame
    return masks, Grid.create(masks.shape[:2])


def _layered(masks: NDArray[Any], segments: list[Segment], grid: Grid) -> Segmentation:
    keyed = {str(number): masks[..., number] for number in range(len(segments))}
    packed = Segmentation.from_masks(keyed, grid)
    renamed = tuple(
        Segment(one.name, place.label, place.layer, one.colour, one.category, one.kind)
        for one, place in zip(segments, packed.segments, strict=True)
    )
    return Segmentation(packed.layers, grid, renamed)


def _segment(item: Dataset) -> Segment:
    colour = ""
    if "RecommendedDisplayCIELabValue" in item:
        from highdicom.color import CIELabColor

        value = [int(v) for v in item.RecommendedDisplayCIELabValue]
        rgb = CIELabColor.from_dicom_value(value).to_rgb(clip=True)
        colour = "#" + "".join(f"{part:02x}" for part in rgb)
    return Segment(
        str(item.SegmentLabel),
        colour=colour,
        category=_code(item.SegmentedPropertyCategoryCodeSequence[0]),
        kind=_code(item.SegmentedPropertyTypeCodeSequence[0]),
    )


def _code(item: Dataset) -> Code:
    return Code(str(item.CodeValue), str(item.CodingSchemeDesignator), str(item.CodeMeaning))
