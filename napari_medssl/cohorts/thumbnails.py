"""A small grey or coloured picture of an image, kept in the cache."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_medssl.engine import read_for_display
from napari_medssl.layers import Display, contrast_limits, image_to_layer

if TYPE_CHECKING:
    from medssl.io import ImageSource
    from medssl.io.image import Image
    from medssl.prepare import ArrayCache

SIDE = 128
_KIND = "thumbnails"
_VERSION = 1


def thumbnail(
    source: ImageSource, fingerprint: str, depth: int | None, cache: ArrayCache
) -> NDArray[np.uint8]:
    """Give a picture ``(h, w, 3)`` of 8 bits, its longer side `SIDE`, its sides as in mm.

    Parameters
    ----------
    source
        The image.
    fingerprint
        Fingerprint of its content, under which the picture is kept.
    depth
        Which slice of a volume, counted as it is shown; None is the middle one.
    cache
        Where it is kept.

    Raises
    ------
    medssl.errors.MedsslError
        If the image cannot be read.
    """
    key = _key(fingerprint, depth)
    known = cache.get_array(_KIND, key)
    if known is not None:
        return np.array(known)
    made = make_thumbnail(read_for_display(source), depth)
    cache.put_array(_KIND, key, made)
    return made


def make_thumbnail(image: Image, depth: int | None = None) -> NDArray[np.uint8]:
    """Shrink an image, or a slice of a volume, to a picture ``(h, w, 3)`` of 8 bits."""
    data, attributes, _ = image_to_layer(image)
    display = Display.of(image.grid)
    plane = data if display.source.ndim == 2 else data[slice_of(display, depth)]
    if image.is_colour:
        grey = _to_bytes(plane, (0.0, 1.0) if plane.dtype.kind == "f" else (0.0, 255.0))
        grey = grey[..., :3] if grey.shape[-1] >= 3 else grey[..., 0]
    else:
        limits = attributes["contrast_limits"] if image.window else contrast_limits_of(image, plane)
        grey = _to_bytes(plane, limits)
        grey = 255 - grey if image.inverted else grey
    small = shrink(grey, size_of(display))
    return small if small.ndim == 3 else np.repeat(small[..., None], 3, axis=2)


def contrast_limits_of(image: Image, plane: NDArray[Any]) -> tuple[float, float]:
    """Limits to show one plane with, as the viewer would show the image."""
    if image.grid.ndim == 2:
        return contrast_limits(image)
    low, high = np.percentile(plane[:: max(1, plane.shape[0] // 128)], (0.5, 99.5))
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def slice_of(display: Display, depth: int | None) -> int:
    """Give the slice of a volume that is shown."""
    count = display.shape[0]
    return count // 2 if depth is None else min(max(depth, 0), count - 1)


def size_of(display: Display) -> tuple[int, int]:
    """Height and width of the picture of an image."""
    height, width = (n * s for n, s in zip(display.shape[-2:], display.scale[-2:], strict=True))
    longest = max(height, width)
    return max(1, round(SIDE * height / longest)), max(1, round(SIDE * width / longest))


def shrink(plane: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Average blocks of pixels down to a size, or widen where the picture is smaller."""
    from PIL import Image as Pillow

    height, width = size
    made = Pillow.fromarray(np.ascontiguousarray(plane)).resize(
        (width, height), Pillow.Resampling.BOX, reducing_gap=2.0
    )
    return np.asarray(made, np.uint8)


def descriptor_of(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe what an image looks like: 16 × 16 grey values without brightness and contrast."""
    grey = shrink(np.ascontiguousarray(picture.mean(axis=2).astype(np.uint8)), (16, 16))
    values = grey.astype(np.float32).ravel()
    values -= values.mean()
    length = float(np.linalg.norm(values))
    if length:
        values /= length
    return values


def _to_bytes(plane: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.uint8]:
    low, high = limits
    scaled = (np.nan_to_num(plane.astype(np.float32)) - low) * (255.0 / max(high - low, 1e-12))
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)


def _key(fingerprint: str, depth: int | None) -> str:
    told = f"{_VERSION} {SIDE} {fingerprint} {depth}"
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
