"""A small head on frozen features: a coarse heat map a landmark, and an offset in each cell."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_DILATIONS = (1, 3, 6)
_GROUPS = 4
_NEVER = -1e4
_REACH = 2.0


class HeatHead(nn.Module):
    """Heat maps and offsets from features and places.

    Parameters
    ----------
    ndim
        2 or 3.
    channels
        Of the features.
    landmarks
        Number of landmarks.
    width
        Channels between.
    """

    def __init__(self, ndim: int, channels: int, landmarks: int, width: int) -> None:
        super().__init__()
        conv = nn.Conv2d if ndim == 2 else nn.Conv3d
        self.ndim, self.landmarks = ndim, landmarks
        self.first = conv(channels + ndim, width, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.GroupNorm(_GROUPS if width % _GROUPS == 0 else 1, width),
                nn.ReLU(),
                conv(width, width, 3, padding=dilation, dilation=dilation),
            )
            for dilation in _DILATIONS
        )
        self.last = conv(width, landmarks * (1 + ndim), 1)
        nn.init.normal_(self.last.weight, std=0.01)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.bias)

    def forward(self, features: Tensor, inside: Tensor, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Give heat and offsets.

        Parameters
        ----------
        features
            ``(B, C, *cells)``.
        inside
            ``(B, *cells)``: which cells the image has.
        frame
            From `relative_places` ``(B, ndim, *cells)``.

        Returns
        -------
        heat
            Logits ``(B, L, *cells)``.
        offsets
            From each cell to the landmark, in cells ``(B, L, ndim, *cells)``.
        """
        x = self.first(torch.cat([features, frame], 1))
        mask = inside[:, None]
        for block in self.blocks:
            x = (x + block(x)) * mask
        out = self.last(x)
        heat = out[:, : self.landmarks].masked_fill(~mask, _NEVER)
        offsets = out[:, self.landmarks :].unflatten(1, (self.landmarks, self.ndim))
        return heat, offsets


def relative_places(inside: Tensor) -> Tensor:
    """Where each cell lies in its image, −1 to 1 along each axis ``(B, ndim, *cells)``."""
    ndim = inside.ndim - 1
    parts = []
    for axis in range(ndim):
        others = [other + 1 for other in range(ndim) if other != axis]
        along = inside.float().amax(others)
        size = along.sum(1, keepdim=True)
        position = (torch.arange(along.shape[1]) + 0.5) / size * 2 - 1
        shape = [len(inside), *(-1 if other == axis else 1 for other in range(ndim))]
        parts.append(position.clamp(-1, 1).reshape(shape).expand(inside.shape))
    return torch.stack(parts, 1)


def read_heat(heat: Tensor, offsets: Tensor) -> Tensor:
    """Read places ``(B, L, ndim)``, in cells, from heat and offsets.

    A place is the mean of what the cells within two of the hottest one point at, weighted by
    their heat.
    """
    cells = cell_places(heat.shape[2:])
    shares = heat.flatten(2).softmax(-1)
    top = cells[shares.argmax(-1)]
    kept = shares * ((cells - top[:, :, None]).norm(dim=-1) <= _REACH)
    weights = kept / kept.sum(-1, keepdim=True)
    pointed = cells + offsets.flatten(3).movedim(2, -1)
    return torch.einsum("blc,blcd->bld", weights, pointed)


def heat_loss(
    heat: Tensor, offsets: Tensor, places: Tensor, weights: Tensor, softness: float
) -> Tensor:
    """Cross-entropy of the heat with a Gaussian at the place, and distance of what cells point at.

    Parameters
    ----------
    heat, offsets
        From the head.
    places
        Targets in cells ``(B, L, ndim)``; any value where the weight is 0.
    weights
        ``(B, L)``.
    softness
        Standard deviation of the Gaussian in cells.
    """
    cells = cell_places(heat.shape[2:])
    away = cells - places[:, :, None]
    distance2 = (away**2).sum(-1)
    target = (-distance2 / (2 * softness**2)).masked_fill(heat.flatten(2) <= _NEVER, _NEVER)
    target = target.softmax(-1)
    entropy = -(target * heat.flatten(2).log_softmax(-1)).sum(-1)
    near = torch.exp(-distance2 / (2 * _REACH**2)) * (distance2 <= _REACH**2)
    pointed = F.smooth_l1_loss(
        offsets.flatten(3).movedim(2, -1), -away, reduction="none", beta=0.3
    ).sum(-1)
    off = (near * pointed).sum(-1) / near.sum(-1).clamp_min(1e-6)
    return ((entropy + off) * weights).sum() / weights.sum().clamp_min(1e-6)


def cell_places(shape: tuple[int, ...] | torch.Size) -> Tensor:
    """Coordinates of all cells ``(cells, ndim)``."""
    axes = [torch.arange(size, dtype=torch.float32) for size in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(shape))
