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
        array = imagecodecs.jpeg_decode(source)
    return bytearray(array.tobytes())
