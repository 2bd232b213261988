"""Which case a person should look at next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medssl.cohort.overview import CaseSummary


def most_useful(
    cases: Sequence[CaseSummary],
    done: Sequence[str],
    usefulness: str,
    descriptors: Mapping[str, NDArray[np.float32]],
) -> str | None:
    """Give the key of the most useful case; None without any.

    Parameters
    ----------
    cases
        Cases that nobody has looked at; those that come first win where nothing decides.
    done
        Keys of the cases that are annotated.
    usefulness
        ``"helps most"`` (unsure, and speaks for many others), ``"least sure"`` or
        ``"most different"`` from those done.
    descriptors
        What cases look like, by key; where they are not known, the least sure comes first.
    """
    if not cases:
        return None
    if usefulness == "helps most" and descriptors:
        from medssl.review import Waiting, review_order

        waiting = [Waiting(case.key, case.confidence) for case in cases]
        return review_order(waiting, descriptors, done, 1)[0]
    seen = [descriptors[key] for key in done if key in descriptors]
    known = [case.key for case in cases if case.key in descriptors]
    if usefulness == "most different" and seen and known:
        alike = np.stack([descriptors[key] for key in known]) @ np.stack(seen).T
        return known[int(np.argmin(alike.max(axis=1)))]
    sure = [1.0 if case.confidence is None else case.confidence for case in cases]
    return cases[int(np.argmin(sure))].key
