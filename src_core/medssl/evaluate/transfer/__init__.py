"""How much a pretraining helps where few images are labelled: the table of transfer."""

from __future__ import annotations

from medssl.evaluate.transfer.request import (
    TransferRequest,
    default_methods,
    make_transfer_request,
)
from medssl.evaluate.transfer.reuse import evaluate_reuse
from medssl.evaluate.transfer.run import evaluate_transfer

__all__ = [
    "TransferRequest",
    "default_methods",
    "evaluate_reuse",
    "evaluate_transfer",
    "make_transfer_request",
]
