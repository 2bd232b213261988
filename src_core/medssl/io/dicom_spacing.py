"""The pixel size of a DICOM image, and how far it can be trusted."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

_CENTIMETRES = 3
_MEASURES = "PixelMeasuresSequence"
_FILMS = frozenset({"CR", "DX", "MG", "RG", "XA", "RF", "PX", "IO"})
AT_DETECTOR = (
    "Its pixel size is the detector's: lengths measured in the image are larger than in the "
    "patient (usually by 5 to 20 %)."
)
ON_FILM = "Its pixel size is that of the scanned film, not of the patient."


def pixel_spacing(dataset: Dataset) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Distance of rows and of columns in millimetres, ``(y, x)``, and what to say about it.

    Pixel Spacing counts before Imager Pixel Spacing, the scanned film's, and the calibrated
    regions of ultrasound. None where nothing is given.
    """
    pixel = _pair(dataset, "PixelSpacing") or _grouped(dataset)
    imager = _pair(dataset, "ImagerPixelSpacing")
    if pixel:
        film = dataset.get("Modality") in _FILMS
        calibrated = bool(dataset.get("PixelSpacingCalibrationType")) or (
            imager is not None and not np.allclose(pixel, imager, rtol=1e-3)
        )
        return pixel, (AT_DETECTOR,) if film and not calibrated else ()
    if imager:
        return imager, (AT_DETECTOR,)
    scanned = _pair(dataset, "NominalScannedPixelSpacing")
    if scanned:
        return scanned, (ON_FILM,)
    return _ultrasound(dataset)


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    value = dataset.get(keyword)
    if not value or isinstance(value, (str, float)) or len(value) != 2 or None in value:
        return None
    y, x = (float(v) for v in value)
    return (y, x) if np.isfinite([y, x]).all() and min(y, x) > 0 else None


def _grouped(dataset: Dataset) -> tuple[float, float] | None:
    """Pixel Spacing from the functional groups, where all frames have the same."""
    groups = [
        *(dataset.get("SharedFunctionalGroupsSequence") or ()),
        *(dataset.get("PerFrameFunctionalGroupsSequence") or ()),
    ]
    found = {_pair(g.PixelMeasuresSequence[0], "PixelSpacing") for g in groups if g.get(_MEASURES)}
    return found.pop() if len(found) == 1 else None


def _ultrasound(dataset: Dataset) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Pixel size of an ultrasound image whose spatial regions all agree."""
    sizes = {
        (round(abs(float(r.PhysicalDeltaY)) * 10, 6), round(abs(float(r.PhysicalDeltaX)) * 10, 6))
        for r in dataset.get("SequenceOfUltrasoundRegions") or ()
        if r.get("PhysicalUnitsXDirection") == r.get("PhysicalUnitsYDirection") == _CENTIMETRES
        and r.get("PhysicalDeltaX") and r.get("PhysicalDeltaY")
    }  # fmt: skip
    if len(sizes) == 1:
        return sizes.pop(), ()
    if sizes:
        return None, ("Its regions differ in pixel size: lengths are given in pixels.",)
    return None, ()
