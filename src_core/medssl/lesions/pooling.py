"""From the answers of many places to one answer: mean, smooth maximum, attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from medssl.nets.blocks import convolution

_NOWHERE = -1e9


def average(maps: Tensor, inside: Tensor) -> Tensor:
    """Mean over the places inside of the image.

    Parameters
    ----------
    maps
        ``(B, K, P)``: answer of each place.
    inside
        ``(B, 1, P)``: 1 for places inside of the image, 0 for those beyond.

    Returns
    -------
    Tensor
        ``(B, K)``.
    """
    return (maps * inside).sum(2) / inside.sum(2).clamp(min=1)


def log_sum_exp(maps: Tensor, inside: Tensor, sharpness: float) -> Tensor:
    """Smooth maximum ``1/r · log(mean exp(r·m))`` over the places inside of the image.

    Parameters
    ----------
    maps, inside
        As for `average`.
    sharpness
        ``r``: near 0 it is the mean, large it is the maximum.

    Examples
    --------
    >>> maps, inside = torch.tensor([[[0.0, 0.0, 8.0]]]), torch.ones(1, 1, 3)
    >>> log_sum_exp(maps, inside, 10.0).round(decimals=1).item()
    7.9
    """
    within = (maps * sharpness).masked_fill(inside == 0, _NOWHERE)
    count = inside.sum(2).clamp(min=1)
    return (within.logsumexp(2) - count.log()) / sharpness


class GatedAttention(nn.Module):
    """Weights of places, of sum 1 [1]_.

    ``a = softmax(w · (tanh(V h) ⊙ σ(U h)))`` over the places.

    Parameters
    ----------
    channels
        Of the features.
    hidden
        Length of ``V h`` and ``U h``.

    References
    ----------
    .. [1] M. Ilse et al., Attention-based Deep Multiple Instance Learning, ICML 2018,
       arXiv 1802.04712.
    """

    def __init__(self, channels: int, hidden: int = 32) -> None:
        super().__init__()
        self.value = nn.Linear(channels, hidden)
        self.gate = nn.Linear(channels, hidden)
        self.score = nn.Linear(hidden, 1)

    def forward(self, features: Tensor, inside: Tensor) -> Tensor:
        """Return weights ``(B, 1, P)`` of places with features ``(B, C, P)``."""
        places = features.transpose(1, 2)
        hidden = torch.tanh(self.value(places)) * torch.sigmoid(self.gate(places))
        scores = self.score(hidden).transpose(1, 2)
        weights: Tensor = scores.masked_fill(inside == 0, _NOWHERE).softmax(2)
        return weights


class PlaceHead(nn.Module):
    """A linear classifier of each place, and what makes one answer of them.

    Parameters
    ----------
    ndim
        Of the maps.
    channels
        Of the features.
    outputs
        Number of questions.
    pooling
        ``average``, ``log-sum-exp`` or ``attention``.
    sharpness
        Of log-sum-exp.
    """

    def __init__(
        self, ndim: int, channels: int, outputs: int, pooling: str, sharpness: float
    ) -> None:
        super().__init__()
        self.classifier = convolution(ndim, channels, outputs, kernel=1, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.pooling = pooling
        self.sharpness = sharpness
        self.attention = GatedAttention(channels) if pooling == "attention" else None

    def maps(self, features: Tensor) -> Tensor:
        """Return ``Σ_k w_k A_k`` of each question: ``(B, K, *cells)``."""
        answer: Tensor = self.classifier(features)
        return answer

    def weights(self, features: Tensor, inside: Tensor) -> Tensor:
        """Return how much each place counts: ``(B, 1 or K, *cells)``, of sum 1."""
        flat_inside = inside.flatten(2)
        if self.attention is not None:
            weights: Tensor = self.attention(features.flatten(2), flat_inside)
        elif self.pooling == "average":
            weights = flat_inside / flat_inside.sum(2, keepdim=True).clamp(min=1)
        else:
            scores = self.maps(features).flatten(2) * self.sharpness
            weights = scores.masked_fill(flat_inside == 0, _NOWHERE).softmax(2)
        return weights.reshape(*weights.shape[:2], *features.shape[2:])

    def forward(self, features: Tensor, inside: Tensor) -> Tensor:
        """Return logits ``(B, K)`` of maps of features ``(B, C, *cells)``."""
        maps, flat_inside = self.maps(features).flatten(2), inside.flatten(2)
        if self.pooling == "average":
            pooled = average(maps, flat_inside)
        elif self.attention is not None:
            weights: Tensor = self.attention(features.flatten(2), flat_inside)
            pooled = (maps * weights).sum(2)
        else:
            pooled = log_sum_exp(maps, flat_inside, self.sharpness)
        logits: Tensor = pooled + self.bias
        return logits
