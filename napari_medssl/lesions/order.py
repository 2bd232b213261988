"""Which case to label next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_medssl.lesions.fits import CaseScore


def most_unsure(
    keys: Sequence[str], labelled: set[str], scores: Mapping[str, CaseScore], besides: str | None
) -> str | None:
    """Give the case without a label that a fit is least sure of; None if all are labelled.

    Without a fit it is the one furthest, in the order of the cohort, from all that are labelled,
    so that the first labels are spread over it.

    Examples
    --------
    >>> most_unsure("abcde", {"a"}, {}, None), most_unsure("abcde", set(), {}, "a")
    ('e', 'e')
    """
    open_ = [key for key in keys if key not in labelled and key != besides]
    if not open_:
        return None
    scored = [key for key in open_ if key in scores]
    if scored:
        return max(scored, key=lambda key: scores[key].uncertainty)
    at = {key: number for number, key in enumerate(keys)}
    seen = [at[key] for key in (*labelled, *([besides] if besides else [])) if key in at]
    if not seen:
        return open_[0]
    return max(open_, key=lambda key: min(abs(at[key] - other) for other in seen))
