"""Regions: the soft parts that the clusters cut every view into."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from medssl.nets.blocks import unit_length
from medssl.objectives.base import Outputs
from medssl.objectives.gather import sum_across_processes
from medssl.views.dense import DenseViews
from medssl.views.pairs import PairViews

_TINY = 1e-12


@dataclass(frozen=True)
class Regions:
    """Embedding and assignment of the plain views, cells in a row.

    Mixtures of images are left out, and so is what a view shows beyond its image.

    Parameters
    ----------
    embedding
        ``(V, N, E)``, unit length.
    assignment
        ``(V, N, K)``: shares of the clusters, of sum 1.
    inside
        ``(V, N)``: 1 in cells of the image, else 0.
    """

    embedding: Tensor
    assignment: Tensor
    inside: Tensor

    @classmethod
    def of(cls, views: DenseViews | PairViews, outputs: Outputs, stride: int) -> Regions:
        """Take the plain views of a batch."""
        assert outputs.assignment is not None
        embedding = outputs.cells[: views.plain].flatten(2).transpose(1, 2)
        assignment = outputs.assignment[: views.plain].float().flatten(2).transpose(1, 2)
        if views.extent is None:
            inside = torch.ones_like(assignment[..., 0])
        else:
            inside = views.extent.cells(stride).flatten(1).to(assignment)
        return cls(embedding, assignment, inside)

    def features(self) -> Tensor:
        """Region features ``(V, K, E)``: ``normalise(mean over cells of A_k · v)``.

        The share that a cluster has in all does not matter, so it is divided by before the sum:
        a cluster that hardly any cell belongs to has a direction too.
        """
        shares = self.assignment * self.inside[..., None]
        shares = shares / shares.sum(1, keepdim=True).clamp(min=_TINY)
        return unit_length(shares.transpose(1, 2) @ self.embedding, dim=-1)

    def mean(self, values: Tensor) -> Tensor:
        """Mean of values ``(V, N)`` over all cells inside, in all processes."""
        sums = torch.stack([(values * self.inside).sum(), self.inside.sum()])
        total = sum_across_processes(sums)
        return total[0] / total[1].clamp(min=1)


@torch.no_grad()
def effective_clusters(regions: Regions) -> Tensor:
    """Return how many clusters are used: 1 when all cells choose the same, K when evenly many.

    It is the exponential of the entropy of the histogram of ``argmax_k A_k``. (The mean of `A`
    would not do: assignments that are uniform everywhere would look like K clusters.)
    """
    chosen = regions.assignment.argmax(-1).flatten()
    counts = torch.zeros(regions.assignment.shape[-1], device=chosen.device)
    counts.index_add_(0, chosen, regions.inside.flatten().float())
    counts = sum_across_processes(counts)
    share = counts / counts.sum().clamp(min=1)
    effective: Tensor = torch.special.entr(share).sum().exp()
    return effective


@torch.no_grad()
def pixel_entropy(regions: Regions) -> Tensor:
    """Return the mean entropy of a cell's assignment in bits: 0 when sure, log2 K when uniform."""
    entropy = torch.special.entr(regions.assignment).sum(-1) / torch.log(torch.tensor(2.0))
    return regions.mean(entropy)
