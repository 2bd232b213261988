"""The paper's loss: each row recognises its partner and rejects everything else."""

from __future__ import annotations

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

LARGEST_PROBABILITY = 1 - 1e-6


class InstanceLossSettings(BaseModel):
    """Weight and temperature, for each objective of this loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    temperature: float = Field(default=0.1, gt=0, description="Temperature of the softmax.")


def instance_discrimination(rows: Tensor, partners: Tensor, temperature: float) -> Tensor:
    """Mean over all ``2N`` rows of the instance-discrimination loss [1]_, section 3.

    For row ``j`` among all rows ``a`` with partner ``j⁺``:
    ``−log P(j⁺ | a_j) − Σ_{i ≠ j, j⁺} log(1 − P(i | a_j))`` with
    ``P(i | a_j) = exp(a_i·a_j / T) / Σ_{k≠j} exp(a_k·a_j / T)``; the other side of every product
    carries no gradient.

    Parameters
    ----------
    rows, partners
        Unit vectors ``(N, E)``; row ``i`` and partner ``i`` belong together, and each is a row.
    temperature
        ``T``.

    References
    ----------
    .. [1] H. Chen et al., Unsupervised Local Discrimination for Medical Images,
       arXiv 2108.09440.

    Examples
    --------
    >>> rows = torch.eye(4)
    >>> bool(instance_discrimination(rows, rows, 0.1) < 0.01)
    True
    """
    count = len(rows)
    every = torch.cat((rows, partners))
    similarity = every @ every.detach().T / temperature
    own = torch.eye(2 * count, dtype=torch.bool, device=rows.device)
    log_p = similarity.masked_fill(own, -torch.inf).log_softmax(dim=1)
    partner = torch.arange(2 * count, device=rows.device).roll(count)
    recognised = log_p.gather(1, partner[:, None])[:, 0]
    p = log_p.exp().masked_fill(own, 0.0).scatter(1, partner[:, None], 0.0)
    rejected = torch.log1p(-p.clamp(max=LARGEST_PROBABILITY)).sum(1)
    return -(recognised + rejected).mean()
