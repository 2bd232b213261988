"""Compressed DICOM frames through imagecodecs, as a plugin of pydicom's decoders."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.pixels import decoders
from pydicom.pixels.decoders.base import DecodeRunner

_NAME = "medssl"
_DECODERS = (
    decoders.JPEGBaseline8BitDecoder,
    decoders.JPEGExtended12BitDecoder,
    decoders.JPEGLosslessDecoder,
    decoders.JPEGLosslessSV1Decoder,
    decoders.JPEGLSLosslessDecoder,
    decoders.JPEGLSNearLosslessDecoder,
    decoders.JPEG2000LosslessDecoder,
    decoders.JPEG2000Decoder,
    decoders.HTJ2KLosslessDecoder,
    decoders.HTJ2KDecoder,
)

_LOSSLESS = (uid.JPEGLossless, uid.JPEGLosslessSV1)

#: Named by pydicom's interface for plugins: what each transfer syntax needs besides pydicom.
DECODER_DEPENDENCIES = {decoder.UID: ("imagecodecs",) for decoder in _DECODERS}


def is_available(transfer_syntax: str) -> bool:
    """Whether frames in this transfer syntax can be decoded; asked by pydicom."""
    return transfer_syntax in DECODER_DEPENDENCIES


def register() -> None:
    """Make pydicom decode compressed frames with imagecodecs, once."""
    for decoder in _DECODERS:
        for other in decoder.available_plugins:
            decoder.remove_plugin(other)
        decoder.add_plugin(_NAME, (__name__, "decode_frame"))


def decode_frame(source: bytes, runner: DecodeRunner) -> bytearray:
    """Decode one frame; the signature is pydicom's."""
    syntax = runner.transfer_syntax
    array: np.ndarray[Any, Any]
    if syntax in uid.JPEGLSTransferSyntaxes:
        array = imagecodecs.jpegls_decode(source)
    elif syntax in (*uid.JPEG2000TransferSyntaxes, uid.HTJ2KLossless, uid.HTJ2K):
        array = imagecodecs.jpeg2k_decode(source)
    else:
        stored = _stored_colour(source, runner)
        wanted = "RGB" if stored else None
        array = imagecodecs.jpeg_decode(source, colorspace=stored, outcolorspace=wanted)
    if array.shape[:2] != (runner.rows, runner.columns):
        raise ValueError(f"the frame is {array.shape}, not {runner.rows} x {runner.columns}")
    if runner.samples_per_pixel > 1:
        runner.set_option("planar_configuration", 0)
    bits = 8 * array.dtype.itemsize
    if bits != runner.bits_allocated:
        runner.set_option("bits_allocated", bits)
    return bytearray(array.tobytes())


def _stored_colour(source: bytes, runner: DecodeRunner) -> str | None:
    """Tell in which colour space a JPEG is stored, None where nothing is to be turned to RGB.

    The stream's own Adobe or JFIF marker counts before DICOM's Photometric Interpretation,
    since encoders write the one and hospital systems rewrite the other.
    """
    if runner.samples_per_pixel != 3 or runner.transfer_syntax in _LOSSLESS:
        return None
    adobe = source.find(b"\xff\xee\x00\x0eAdobe")
    if adobe >= 0:
        stored = "YCBCR" if source[adobe + 15] == 1 else "RGB"
    elif b"JFIF\0" in source[:64]:
        stored = "YCBCR"
    else:
        stored = "RGB" if runner.photometric_interpretation == "RGB" else "YCBCR"
    runner.set_option("photometric_interpretation", "RGB")
    return stored
