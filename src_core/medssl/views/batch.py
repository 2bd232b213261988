"""What the loader hands to the views: images on one canvas, and where on it each image lies."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from medssl.views.randomness import Draws


@dataclass(frozen=True)
class ImageBatch:
    """Images of different sizes on a canvas of one size.

    An image smaller than the canvas lies centred on it, the rest is zero; of a larger one the
    canvas shows a part.

    Parameters
    ----------
    images
        ``(B, C, *canvas)``, prepared values 0 to 1.
    origin
        ``(B, ndim)``: canvas voxel at which image voxel 0 lies; negative where the canvas shows
        a part.
    sizes
        ``(B, ndim)``: size of each image in voxels.
    case
        ``(B,)``: number of the case, so that one case drawn twice is known as such.
    choice
        ``(B/2,)`` or None: image ``B/2 + i`` is partner number ``choice[i]`` of image ``i``.
    numbers
        Number of each image among those that all processes see in the step; None: they are all
        here, in order.
    word
        ``(B,)`` or None: number of the visual word that the views of an image are to show;
        negative: none.
    aim
        ``(B, ndim)`` or None: canvas voxel at which it lies; the first crop is cut there.
    """

    images: Tensor
    origin: Tensor
    sizes: Tensor
    case: Tensor
    choice: Tensor | None = None
    numbers: tuple[int, ...] | None = None
    word: Tensor | None = None
    aim: Tensor | None = None

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return self.images.ndim - 2

    @property
    def canvas(self) -> tuple[int, ...]:
        """Size of the canvas in voxels."""
        return tuple(self.images.shape[2:])

    def to(self, device: torch.device) -> ImageBatch:
        """Move to a device, images in single precision."""
        return ImageBatch(
            self.images.to(device, torch.float32, non_blocking=True),
            self.origin.to(device, torch.float32),
            self.sizes.to(device, torch.float32),
            self.case.to(device),
            self.choice,
            self.numbers,
            None if self.word is None else self.word.to(device),
            None if self.aim is None else self.aim.to(device, torch.float32),
        )

    def draws(self, seed: int) -> Draws:
        """Begin the random numbers of the images' views, from the step's seed."""
        return Draws.of(seed, self.numbers or range(len(self.images)))

    def shown(self) -> tuple[Tensor, Tensor]:
        """First and last canvas voxel of each image that lies on the canvas, ``(B, ndim)`` each."""
        canvas = torch.tensor(self.canvas, device=self.origin.device, dtype=self.origin.dtype)
        return self.origin.clamp(min=0), torch.minimum(self.origin + self.sizes, canvas) - 1

    def relative(self, points_vox: Tensor) -> Tensor:
        """Turn canvas points ``(B, P, ndim)`` into image coordinates, 0 to 1 along each axis."""
        return (points_vox - self.origin[:, None] + 0.5) / self.sizes[:, None]
