"""Who is tested: the same images for all methods and tasks."""

from __future__ import annotations

import hashlib


def is_tested(key: str, share: float) -> bool:
    """Whether an image (or group of images) is one that no training sees.

    It follows from the name alone, so that tasks on the same images have the same test set.

    Examples
    --------
    >>> sum(is_tested(f"image_{number}.png", 0.25) for number in range(1000))
    249
    """
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64
