"""Metrics and the standard evaluations."""

from __future__ import annotations

from medssl.evaluate.corrections import evaluate_corrections
from medssl.evaluate.landmarks import evaluate_landmarks
from medssl.evaluate.report import landmark_report

__all__ = ["evaluate_corrections", "evaluate_landmarks", "landmark_report"]
