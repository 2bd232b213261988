"""DICOM pixels: decoded and in the file's own meaning (Hounsfield units, RGB, ...)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array
from pydicom.uid import UID, JPEGExtended12Bit

from medssl.errors import FileRefusedError
from medssl.io import codecs
from medssl.io._checks import refusing, require_bytes, require_memory

codecs.register()
#: Retired JPEG processes: their streams say themselves how they are coded.
_AS_EXTENDED = (UID("1.2.840.10008.1.2.4.53"), UID("1.2.840.10008.1.2.4.55"))
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def decode(dataset: Dataset, path: Path) -> NDArray[Any]:
    """Decode all frames: ``([frames,] rows, columns[, 3])``, colour as RGB.

    Raises
    ------
    FileRefusedError
        If there are no pixels, too few bytes, or an encoding that cannot be decoded.
    """
    keyword = next((k for k in _PIXELS if k in dataset), None)
    if keyword is None:
        raise FileRefusedError(path, "it has no pixel data or is truncated", "Get the whole file.")
    _check_size(dataset, path, keyword)
    if dataset.file_meta.get("TransferSyntaxUID") in _AS_EXTENDED:
        dataset.file_meta.TransferSyntaxUID = JPEGExtended12Bit
    with refusing(path, "its pixels cannot be decoded"):
        array = pixel_array(dataset)
        if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
            array = _eight_bits(apply_color_lut(array, dataset))
    return np.asarray(array.astype(array.dtype.newbyteorder("="), copy=False))


def _check_size(dataset: Dataset, path: Path, keyword: str) -> None:
    frames = int(dataset.get("NumberOfFrames") or 1)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    bits = int(dataset.get("BitsAllocated") or 8)
    shape = (frames, int(dataset.Rows), int(dataset.Columns), samples)
    require_memory(path, shape, max(4, bits // 8))
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None or not syntax.is_compressed or syntax.is_deflated:
        halved = dataset.get("PhotometricInterpretation") == "YBR_FULL_422"
        needed = math.prod(shape) * bits // 8
        require_bytes(path, len(dataset[keyword].value), needed * 2 // 3 if halved else needed)


def _eight_bits(array: NDArray[Any]) -> NDArray[Any]:
    return (array >> 8).astype(np.uint8) if array.dtype == np.uint16 else array


def rescale(array: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """Apply the modality table or rescale slope and intercept of `dataset`.

    Whole numbers stay whole numbers where slope and intercept are; else float32.
    """
    if dataset.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(array, dataset))
    if "DoseGridScaling" in dataset:
        return np.asarray(array.astype(np.float32) * np.float32(dataset.DoseGridScaling))
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    scale = 1.0 if slope is None or slope == "" else float(slope)
    offset = 0.0 if intercept is None or intercept == "" else float(intercept)
    if not scale or not math.isfinite(scale * offset) or (scale, offset) == (1.0, 0.0):
        return array
    if scale == 1.0 and offset.is_integer() and np.issubdtype(array.dtype, np.integer):
        wide = array.astype(np.int32) + int(offset)
        small = wide.min() >= -(2**15) and wide.max() < 2**15
        return wide.astype(np.int16) if small else wide
    return array.astype(np.float32) * np.float32(scale) + np.float32(offset)
