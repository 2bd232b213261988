"""Several examples of one landmark vote on where it lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medssl.landmarks.matching import Matches

TAKES_OVER = 20.0
"""A template that looks clearly more like the place decides nearly alone."""
CONSENSUS = 5.0
"""Templates count nearly alike unless one looks like nothing there."""
_APART_CELLS = 6.0


def fuse(matches: Sequence[Matches], sharpness: float = TAKES_OVER) -> Matches:
    """Weighted mean of the matches of several templates, outliers left out.

    A template counts the more, the more its match looks like it; matches farther than a few
    cells from the heaviest place count little.

    Parameters
    ----------
    matches
        Of each template, in the same images.
    sharpness
        How much more a template counts that looks more like the place (`TAKES_OVER`,
        `CONSENSUS`).
    """
    if len(matches) == 1:
        return matches[0]
    places = np.stack([m.places for m in matches])
    similarity = np.stack([m.similarity for m in matches])
    weight = np.exp(sharpness * (similarity - similarity.max(0)))
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    closeness = np.exp(-(apart**2) / (2 * _APART_CELLS**2))
    votes = (closeness * weight[None]).sum(1)
    medoid = votes.argmax(0)
    rows = np.arange(places.shape[1])
    weight = weight * closeness[medoid, :, rows].T
    share = (weight / weight.sum(0)).astype(np.float32)

    def mean(name: str) -> np.ndarray:
        return np.asarray((share * np.stack([getattr(m, name) for m in matches])).sum(0))

    return Matches(
        places=np.asarray((share[..., None] * places).sum(0)),
        similarity=similarity.max(0),
        margin=mean("margin"),
        cycle=mean("cycle"),
        disagreement=mean("disagreement"),
        support=mean("support"),
        trust=mean("trust"),
        scatter=mean("scatter"),
    )
