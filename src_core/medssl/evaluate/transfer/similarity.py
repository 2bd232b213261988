"""Linear CKA: how much alike two representations of the same places are."""

from __future__ import annotations

import torch
from torch import Tensor


def linear_cka(first: Tensor, second: Tensor) -> float:
    """Return linear centred kernel alignment [1]_: 1 for features equal up to rotation and scale.

    With the features ``X`` and ``Y`` of the same ``N`` places, each channel centred:

        CKA = ‖YᵀX‖²_F / (‖XᵀX‖_F · ‖YᵀY‖_F)

    Parameters
    ----------
    first, second
        ``(N, C1)`` and ``(N, C2)``.

    References
    ----------
    .. [1] S. Kornblith et al., Similarity of Neural Network Representations Revisited,
       arXiv 1905.00414.

    Examples
    --------
    >>> features = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
    >>> round(linear_cka(features, 5 * features.flip(1)), 6)
    1.0
    """
    x, y = (one.double() - one.double().mean(0) for one in (first, second))
    together = torch.linalg.matrix_norm(y.T @ x) ** 2
    alone = torch.linalg.matrix_norm(x.T @ x) * torch.linalg.matrix_norm(y.T @ y)
    return float(together / alone) if alone > 0 else float("nan")
