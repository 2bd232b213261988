"""A smooth deformation from a template image to each other image, from dense embeddings.

A few hundred anchors of the template are matched in all cells of the other image; matches that
fit together decide. In each round every anchor is expected somewhere, its soft match near that
place is taken, a robust affine map is fitted to all matches, and the rest is smoothed over the
neighbouring anchors to give the next expectation. The pull towards the expectation grows and the
smoothing shrinks from round to round.

Places are in *units*: working voxels divided by a reference length, so that the same numbers
serve for every size of image.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_PULL = (3.0, 40.0)
_SMOOTHING = (0.31, 0.10)
_SHARPNESS = 25.0
_SPREAD = 0.047
_CYCLE = 0.05
_OUTLIER = 0.07
_FLOOR = 1e-3
_STIFFNESS = 0.3
_LIKE_NOTHING = -9.0
_FARTHEST = -60.0


@dataclass(frozen=True)
class Cells:
    """Embedding of an image on coarse cells.

    Parameters
    ----------
    features
        Unit vectors ``(n, E)``, half precision to save memory.
    places
        Centres ``(n, ndim)``, in units.
    extent
        Size of the image ``(ndim,)``, in units.
    """

    features: Tensor
    places: Tensor
    extent: Tensor


@dataclass(frozen=True)
class Alignment:
    """Deformations from one template image to ``B`` images.

    Parameters
    ----------
    anchors
        Places in the template ``(A, ndim)``, in units.
    affine
        Affine part ``(B, ndim + 1, ndim)``.
    residual
        What the matches add to the affine part ``(B, A, ndim)``.
    weight
        How far each match is to be trusted ``(B, A)``, 0 to 1.
    smoothing
        Standard deviation of the smoothing between anchors, in units.
    """

    anchors: Tensor
    affine: Tensor
    residual: Tensor
    weight: Tensor
    smoothing: float

    def map_points(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Carry template places over to all images.

        Parameters
        ----------
        points
            ``(N, ndim)``, in units.

        Returns
        -------
        places
            ``(B, N, ndim)``, in units.
        support
            Sum of the weights of the matches around each point ``(B, N)``.
        """
        near = torch.exp(-(torch.cdist(points, self.anchors) ** 2) / (2 * self.smoothing**2))
        kernel = near[None] * self.weight[:, None]
        total = kernel.sum(-1, keepdim=True)
        ones = torch.ones(len(points), 1)
        base = torch.cat([points, ones], 1) @ self.affine
        return base + kernel @ self.residual / (total + _STIFFNESS), total[..., 0]

    def select(self, rows: Tensor) -> Alignment:
        """Alignments of some of the images."""
        return Alignment(
            self.anchors,
            self.affine[rows],
            self.residual[rows],
            self.weight[rows],
            self.smoothing,
        )


def join(parts: list[Alignment]) -> Alignment:
    """One alignment of all the images of several, which share their template."""
    return Alignment(
        parts[0].anchors,
        torch.cat([p.affine for p in parts]),
        torch.cat([p.residual for p in parts]),
        torch.cat([p.weight for p in parts]),
        parts[0].smoothing,
    )


def align(
    anchors: Tensor,
    descriptors: Tensor,
    template_extent: Tensor,
    images: list[Cells],
    iterations: int,
) -> Alignment:
    """Fit the deformations from one template image to several images.

    Parameters
    ----------
    anchors
        Places in the template ``(A, ndim)``, in units.
    descriptors
        Their unit vectors ``(A, E)``.
    template_extent
        Size of the template image ``(ndim,)``, in units.
    images
        The images to align to.
    iterations
        Number of rounds.
    """
    similarity, places, extents = _compare(descriptors, images)
    squares = (places**2).sum(-1, keepdim=True)
    moments = torch.cat([places, squares, torch.ones_like(squares)], -1)
    between = torch.cdist(anchors, anchors) ** 2
    homogeneous = torch.cat([anchors, torch.ones(len(anchors), 1)], 1)
    expected = anchors[None] * (extents / template_extent)[:, None]
    score = torch.empty_like(similarity)
    for round_ in range(iterations):
        share = round_ / max(1, iterations - 1)
        pull = _PULL[0] * (_PULL[1] / _PULL[0]) ** share
        smoothing = _SMOOTHING[0] * (_SMOOTHING[1] / _SMOOTHING[0]) ** share
        matched, trust = _match(similarity, moments, expected, pull, between, score)
        affine, trust = _robust_affine(homogeneous, matched, trust)
        base = homogeneous @ affine
        residual = matched - base
        kernel = torch.exp(-between / (2 * smoothing**2))[None] * trust[:, None]
        smooth = kernel @ residual / (kernel.sum(-1, keepdim=True) + _STIFFNESS)
        expected = base if round_ < 2 and round_ + 1 < iterations else base + smooth
    return Alignment(anchors, affine, residual, trust, smoothing)


def _compare(descriptors: Tensor, images: list[Cells]) -> tuple[Tensor, Tensor, Tensor]:
    """Similarity of all anchors to all cells ``(B, A, n)``, places of the cells, extents.

    Images with fewer cells than the largest are filled up with cells like nothing.
    """
    most = max(len(image.places) for image in images)
    similarity = torch.full((len(images), len(descriptors), most), _LIKE_NOTHING)
    places = torch.zeros(len(images), most, images[0].places.shape[1])
    for row, image in enumerate(images):
        n = len(image.places)
        torch.mm(descriptors, image.features.float().T, out=similarity[row, :, :n])
        places[row, :n] = image.places
    return similarity, places, torch.stack([image.extent for image in images])


def _match(
    similarity: Tensor,
    moments: Tensor,
    expected: Tensor,
    pull: float,
    between: Tensor,
    score: Tensor,
) -> tuple[Tensor, Tensor]:
    """Soft match of every anchor near where it is expected, and how far to trust it.

    `moments` are ``(place, |place|², 1)`` of each cell: the pull towards the expected place is a
    product with them, and so are the sums that make a soft match. `score` is room to work in, so
    that a round touches the large arrays four times and makes none.
    """
    ndim = expected.shape[-1]
    distance = torch.cat(
        [
            2 * pull * expected,
            torch.full_like(expected[..., :1], -pull),
            -pull * (expected**2).sum(-1, keepdim=True),
        ],
        -1,
    )
    torch.baddbmm(similarity, distance, moments.transpose(1, 2), out=score)
    peak, cell = score.max(-1)
    agreement = _agreement(score, cell, between)
    belief = score.sub_(peak[..., None]).mul_(_SHARPNESS).clamp_min_(_FARTHEST).exp_()
    sums = belief @ moments
    means = sums[..., :-1] / sums[..., -1:]
    matched = means[..., :ndim]
    spread = (means[..., ndim] - (matched**2).sum(-1)).clamp_min(0)
    trust = torch.exp(-spread / (2 * _SPREAD**2)) * peak.clamp(0.05, 1) ** 2
    return matched, trust * agreement + _FLOOR


def _agreement(score: Tensor, cell: Tensor, between: Tensor) -> Tensor:
    """Whether the cell that an anchor chose prefers an anchor nearby, ``(B, A)`` in 0 to 1."""
    chosen = score.gather(2, cell[:, None].expand(-1, score.shape[1], -1))
    back = chosen.transpose(1, 2).contiguous().argmax(-1)
    distance = between[torch.arange(len(between))[None], back]
    return torch.exp(-distance / (2 * _CYCLE**2))


def _robust_affine(homogeneous: Tensor, matched: Tensor, trust: Tensor) -> tuple[Tensor, Tensor]:
    """Affine map by reweighted least squares, and the trust left to each match."""
    weight = trust
    ridge = 1e-6 * torch.eye(homogeneous.shape[1])
    for _ in range(4):
        left = homogeneous.T[None] * weight[:, None]
        affine = torch.linalg.solve(left @ homogeneous + ridge, left @ matched)
        error = ((homogeneous @ affine - matched) ** 2).sum(-1)
        weight = trust / (1 + error / _OUTLIER**2)
    return affine, weight
