"""Synthetic embeddings whose deformation is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from medssl.correspond import Cells

CHANNELS = 48


@dataclass(frozen=True)
class KnownMap:
    """Maps places of an image to those of its template: an affine part and a smooth bend."""

    matrix: Tensor
    shift: Tensor
    bend: float

    def to_template(self, places: Tensor) -> Tensor:
        """Template places of image places ``(N, ndim)``, in units."""
        straight = (places - 0.5) @ self.matrix + 0.5 + self.shift
        return straight + self.bend * torch.sin(2 * math.pi * places.flip(-1))

    def from_template(self, places: Tensor) -> Tensor:
        """Image places of template places, by fixed-point iteration."""
        inverse = torch.linalg.inv(self.matrix)
        found = places
        for _ in range(60):
            found = found + (places - self.to_template(found)) @ inverse
        return found


def known_map(ndim: int) -> KnownMap:
    """Turn by 7°, stretch by 8 % and 5 %, shift by a twentieth, bend by 1.5 %."""
    matrix = torch.diag(torch.tensor([1.08, 0.95, 1.0])[:ndim])
    turn = torch.eye(ndim)
    angle = math.radians(7)
    turn[-2:, -2:] = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    shift = torch.tensor([0.05, -0.03, 0.02])[:ndim]
    return KnownMap(matrix @ turn, shift, 0.015)


def tissue(places: Tensor) -> Tensor:
    """Unit vectors that change smoothly and differently everywhere ``(N, E)``."""
    generator = torch.Generator().manual_seed(0)
    waves = torch.randn(places.shape[-1], CHANNELS, generator=generator) * 9
    phases = 2 * math.pi * torch.rand(CHANNELS, generator=generator)
    return F.normalize(torch.cos(places @ waves + phases), dim=1)


def lattice(ndim: int, cells: int) -> Tensor:
    """Centres of ``cells`` cells an axis that fill the unit square or cube."""
    axis = (torch.arange(cells) + 0.5) / cells
    return torch.stack(torch.meshgrid(*[axis] * ndim, indexing="ij"), -1).reshape(-1, ndim)


def cells_of(ndim: int, known: KnownMap) -> Cells:
    """Cells of an image that shows the template's tissue deformed."""
    places = lattice(ndim, {2: 32, 3: 11}[ndim])
    features = tissue(known.to_template(places))
    return Cells(features.half(), places, torch.ones(ndim))
