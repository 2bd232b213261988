"""Mirror padding to a multiple, for images of any size down to one voxel."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Extend every spatial axis at its end to a multiple, mirrored about the last voxel.

    Padding at the end only keeps voxel ``i`` at index ``i``, so that embedding cells keep their
    place. An axis shorter than the padding is mirrored to and fro.

    Parameters
    ----------
    images
        Tensor ``(B, C, *spatial)``.
    multiple
        The sizes become multiples of this number.
    """
    sizes = images.shape[2:]
    missing = [-size % multiple for size in sizes]
    if not any(missing):
        return images
    if all(pad < size for pad, size in zip(missing, sizes, strict=True)):
        widths = [width for pad in reversed(missing) for width in (0, pad)]
        return F.pad(images, widths, mode="reflect")
    for axis, (size, pad) in enumerate(zip(sizes, missing, strict=True), start=2):
        if pad:
            images = images.index_select(axis, mirrored_index(size, size + pad, images.device))
    return images


def mirrored_index(size: int, length: int, device: torch.device | None = None) -> Tensor:
    """Return indices ``0 .. size-1 .. 0 .. size-1 ..`` of the given length, ends not repeated."""
    if size == 1:
        return torch.zeros(length, dtype=torch.long, device=device)
    period = 2 * (size - 1)
    position = torch.arange(length, device=device) % period
    return torch.where(position < size, position, period - position)
