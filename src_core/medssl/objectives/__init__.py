"""Objectives: one loss a file, each an ``nn.Module``."""

from medssl.objectives.base import ObjectiveResult
from medssl.objectives.dense_discrimination import (
    DenseDiscrimination,
    DenseDiscriminationSettings,
)

__all__ = ["DenseDiscrimination", "DenseDiscriminationSettings", "ObjectiveResult"]
