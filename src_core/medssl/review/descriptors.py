"""One vector a case, which tells alike cases from different ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCohort
from medssl.progress import Progress, silent

_TINY = 1e-6


def case_descriptors(
    embedded: EmbeddedCohort, progress: Progress = silent
) -> dict[str, NDArray[np.float32]]:
    """Describe each case by the mean of its dense embedding, standardised over the cohort.

    Each channel has mean 0 and standard deviation 1 over the cases, so that what all images
    share does not hide how they differ; a channel that is the same everywhere is 0. Distances
    are divided by the square root of the number of channels: two usual cases are about 1.4 apart.

    Parameters
    ----------
    embedded
        The cohort with its embeddings.
    progress
        Called after each case; may raise `Cancelled`.
    """
    means = []
    for done, one in enumerate(embedded.cases, 1):
        cells = np.asarray(one.embedding, np.float32).reshape(-1, one.embedding.shape[-1])
        means.append(cells.mean(0, dtype=np.float64))
        progress(done, len(embedded.cases), f"Describing {one.case.name}")
    if not means:
        return {}
    table = np.stack(means)
    spread = table.std(0)
    table = (table - table.mean(0)) / np.where(spread > _TINY, spread, np.inf)
    rows = (table / np.sqrt(table.shape[1])).astype(np.float32)
    return {one.case.key: row for one, row in zip(embedded.cases, rows, strict=True)}
