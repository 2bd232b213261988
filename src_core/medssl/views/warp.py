"""A batch of smooth spatial transforms that know where each point went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from medssl.views.batch import ImageBatch
from medssl.views.sampling import sample_at, to_sampling_grid, voxel_positions

Fill = Literal["black", "edge", "mirror"]


@dataclass(frozen=True)
class Warp:
    """Maps voxels of a view to voxels of the canvas: ``q ↦ centre + A (q − middle) + d(q)``.

    Parameters
    ----------
    matrix
        ``(B, ndim, ndim)``: ``A``, in ``(z, y, x)``.
    centre
        ``(B, ndim)``: canvas voxel that the middle of the view shows.
    displacement
        ``(B, ndim, *nodes)``: smooth displacement in voxels on a coarse lattice that spans the
        view, or None.
    view_size
        Size of the view in voxels.
    """

    matrix: Tensor
    centre: Tensor
    displacement: Tensor | None
    view_size: tuple[int, ...]

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return int(self.matrix.shape[-1])

    def to_canvas(self, points_vox: Tensor) -> Tensor:
        """Map view points ``(B, P, ndim)`` to canvas points."""
        straight = self._straight(points_vox)
        return straight if self.displacement is None else straight + self._bend(points_vox)

    def to_view(self, points_vox: Tensor, iterations: int = 12) -> Tensor:
        """Map canvas points ``(B, P, ndim)`` to view points.

        The displacement is undone by fixed-point iteration, which converges where it changes
        by less than a voxel a voxel; twelve rounds leave less than a tenth of a voxel for
        the displacements that `random_displacement` makes.
        """
        inverse = torch.linalg.inv(self.matrix)
        middle = self._middle()
        target = points_vox - self.centre[:, None]
        points = torch.einsum("bij,bpj->bpi", inverse, target) + middle
        if self.displacement is None:
            return points
        for _ in range(iterations):
            rest = target - self._bend(points)
            points = torch.einsum("bij,bpj->bpi", inverse, rest) + middle
        return points

    def positions(self) -> Tensor:
        """Canvas positions ``(B, *view_size, ndim)`` of all voxels of the view."""
        grid = voxel_positions(self.view_size, self.matrix.device)
        flat = grid.reshape(1, -1, self.ndim)
        points = self._straight(flat.expand(len(self.matrix), -1, -1))
        points = points.reshape(-1, *self.view_size, self.ndim)
        if self.displacement is None:
            return points
        mode = "bilinear" if self.ndim == 2 else "trilinear"
        bend = F.interpolate(self.displacement, self.view_size, mode=mode, align_corners=False)
        return points + bend.movedim(1, -1)

    def apply(self, batch: ImageBatch, fill: Fill = "edge") -> Tensor:
        """Make the views ``(B, C, *view_size)`` of a batch.

        Parameters
        ----------
        batch
            Images on their canvas.
        fill
            What is seen beyond an image: black, its edge drawn out, or its mirror image.
        """
        points = self.positions()
        first, last = (_spread(limit, self.ndim) for limit in batch.shown())
        if fill == "edge":
            points = torch.minimum(torch.maximum(points, first), last)
        elif fill == "mirror":
            span = (last - first).clamp(min=1e-3)
            turned = torch.remainder(points - first, 2 * span)
            points = first + torch.minimum(turned, 2 * span - turned)
        grid = to_sampling_grid(points, batch.canvas)
        padding = "zeros" if fill == "black" else "border"
        return F.grid_sample(
            batch.images, grid, mode="bilinear", padding_mode=padding, align_corners=False
        )

    def _straight(self, points_vox: Tensor) -> Tensor:
        turned = torch.einsum("bij,bpj->bpi", self.matrix, points_vox - self._middle())
        return turned + self.centre[:, None]

    def _bend(self, points_vox: Tensor) -> Tensor:
        assert self.displacement is not None
        nodes = torch.tensor(self.displacement.shape[2:], device=points_vox.device)
        size = torch.tensor(self.view_size, device=points_vox.device)
        scale = nodes / size
        return sample_at(self.displacement, (points_vox + 0.5) * scale - 0.5)

    def _middle(self) -> Tensor:
        size = torch.tensor(self.view_size, device=self.matrix.device, dtype=self.matrix.dtype)
        return (size - 1) / 2


def _spread(limits: Tensor, ndim: int) -> Tensor:
    """``(B, ndim)`` to ``(B, 1, ..., 1, ndim)``."""
    return limits.reshape(len(limits), *([1] * ndim), ndim)
