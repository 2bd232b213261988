"""Confidence in words: what to look at first in a review."""

from __future__ import annotations

from typing import Literal

Level = Literal["high", "check", "low"]
HIGH = 0.5
LOW = 0.35


def level_of(confidence: float) -> Level:
    """Say a confidence in a word."""
    if confidence >= HIGH:
        return "high"
    return "check" if confidence >= LOW else "low"
