"""Objectives: one loss a file, each an ``nn.Module``."""

from medssl.objectives.base import ObjectiveResult
from medssl.objectives.dense_discrimination import (
    DenseDiscrimination,
    DenseDiscriminationSettings,
)
from medssl.objectives.hypersphere_mixup import HypersphereMixup, HypersphereMixupSettings
from medssl.objectives.patch_discrimination import (
    PatchDiscrimination,
    PatchDiscriminationSettings,
)
from medssl.objectives.pooling import PatchPooling, pool_patches

__all__ = [
    "DenseDiscrimination",
    "DenseDiscriminationSettings",
    "HypersphereMixup",
    "HypersphereMixupSettings",
    "ObjectiveResult",
    "PatchDiscrimination",
    "PatchDiscriminationSettings",
    "PatchPooling",
    "pool_patches",
]
