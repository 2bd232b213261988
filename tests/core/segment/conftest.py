"""Fixtures of the tests of segmentation."""

from __future__ import annotations

from tests.core.segment.discs import disc_masks, discs, embedded

__all__ = ["disc_masks", "discs", "embedded"]
