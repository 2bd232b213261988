"""Lesion maps beside controls, scored against masks that nothing learned from."""

from __future__ import annotations

from medssl.evaluate.lesions.run import LesionTrial, evaluate_lesions

__all__ = ["LesionTrial", "evaluate_lesions"]
