"""Review: which case to look at next, and what error is left in what nobody has looked at."""

from __future__ import annotations

from medssl.review.descriptors import case_descriptors
from medssl.review.expected import FEWEST, ExpectedError, Reviewed, expected_error
from medssl.review.order import Waiting, least_sure, most_different, next_case, review_order

__all__ = [
    "FEWEST",
    "ExpectedError",
    "Reviewed",
    "Waiting",
    "case_descriptors",
    "expected_error",
    "least_sure",
    "most_different",
    "next_case",
    "review_order",
]
