"""Random numbers for views: every image of a batch draws from a stream of its own.

What an image meets follows from the step's seed and the image's number among the images of all
processes, so that it is the same however they are shared out. The numbers are drawn on the
processor, so that every device gets the same ones, but for fields as large as an image.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor


class Draws:
    """Streams of random numbers, one an image.

    Parameters
    ----------
    streams
        One generator an image.
    """

    def __init__(self, streams: Iterable[torch.Generator]) -> None:
        self.streams = tuple(streams)

    @classmethod
    def of(cls, seed: int, numbers: Iterable[int]) -> Draws:
        """Begin the streams of a step.

        Parameters
        ----------
        seed
            Of the step.
        numbers
            Number of each image among the images of all processes.
        """
        return cls(torch.Generator().manual_seed(_mixed(seed, number)) for number in numbers)

    def __len__(self) -> int:
        return len(self.streams)

    def first(self, count: int) -> Draws:
        """Return the streams of the first images; they go on, they do not begin anew."""
        return Draws(self.streams[:count])

    def uniform(self, limits: tuple[float, float], width: int = 1) -> Tensor:
        """Numbers ``(B, width)`` evenly distributed between the limits."""
        low, high = limits
        return self.fractions(width) * (high - low) + low

    def fractions(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Numbers ``(B, *shape)`` evenly distributed between 0 and 1."""
        values = torch.empty(len(self), *shape, dtype=dtype)
        for row, stream in zip(values, self.streams, strict=True):
            row.uniform_(generator=stream)
        return values

    def chance(self, probability: float) -> Tensor:
        """Booleans ``(B,)``, true with the given probability."""
        return self.fractions(1)[:, 0] < probability

    def below(self, limit: int) -> Tensor:
        """Whole numbers ``(B,)`` from 0 up to, not including, the limit."""
        values = torch.empty(len(self), 1, dtype=torch.long)
        for row, stream in zip(values, self.streams, strict=True):
            row.random_(limit, generator=stream)
        return values[:, 0]

    def normal(self, *shape: int) -> Tensor:
        """Numbers ``(B, *shape)`` of mean 0 and standard deviation 1."""
        values = torch.empty(len(self), *shape)
        for row, stream in zip(values, self.streams, strict=True):
            row.normal_(generator=stream)
        return values

    def normal_like(self, images: Tensor) -> Tensor:
        """Return normal numbers of the shape and on the device of images ``(B, C, *spatial)``.

        On another device than the processor the fields come from its own generator.
        """
        if images.device.type == "cpu":
            return self.normal(*images.shape[1:]).to(images.dtype)
        values = torch.empty(images.shape, device=images.device, dtype=images.dtype)
        seeds = self.below(2**31).tolist()
        for row, seed in zip(values, seeds, strict=True):
            row.normal_(generator=torch.Generator(images.device).manual_seed(seed))
        return values

    def permutations(self, count: int) -> Tensor:
        """Orders ``(B, count)`` of the numbers 0 to ``count − 1``."""
        return torch.stack([torch.randperm(count, generator=s) for s in self.streams])


def per_image(values: Tensor, like: Tensor) -> Tensor:
    """Shape ``(B,)`` or ``(B, 1)`` values so that they multiply images ``(B, C, *spatial)``."""
    return values.reshape(-1, *([1] * (like.ndim - 1))).to(like.device, like.dtype)


def _mixed(*numbers: int) -> int:
    """Mix numbers into one seed; neighbours get seeds that have nothing in common."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
