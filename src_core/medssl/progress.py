"""How long work reports where it is, and how it is told to stop."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Callback of long work: ``progress(done, total, message)``.

    The callback may raise `medssl.errors.Cancelled`; the work then stops at a safe place and
    what was finished stays.
    """

    def __call__(self, done: int, total: int, message: str) -> None:
        """Report ``done`` of ``total`` steps; ``message`` says what is being worked on."""


def silent(done: int, total: int, message: str) -> None:
    """Report nothing: the default where nobody watches."""
