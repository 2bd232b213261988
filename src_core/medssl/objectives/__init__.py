"""Objectives: one loss a file, each an ``nn.Module``."""

from medssl.objectives.assignment_entropy import (
    AssignmentEntropy,
    AssignmentEntropySettings,
)
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.dense_discrimination import (
    DenseDiscrimination,
    DenseDiscriminationSettings,
)
from medssl.objectives.hypersphere_mixup import HypersphereMixup, HypersphereMixupSettings
from medssl.objectives.matching import (
    CrossImageMatching,
    CrossImageMatchingSettings,
    DenseMatching,
    DenseMatchingSettings,
)
from medssl.objectives.patch_discrimination import (
    PatchDiscrimination,
    PatchDiscriminationSettings,
)
from medssl.objectives.pooling import PatchPooling, pool_patches
from medssl.objectives.region_discrimination import (
    RegionDiscrimination,
    RegionDiscriminationSettings,
)

__all__ = [
    "AssignmentEntropy",
    "AssignmentEntropySettings",
    "CrossImageMatching",
    "CrossImageMatchingSettings",
    "DenseDiscrimination",
    "DenseDiscriminationSettings",
    "DenseMatching",
    "DenseMatchingSettings",
    "HypersphereMixup",
    "HypersphereMixupSettings",
    "ObjectiveResult",
    "Outputs",
    "PatchDiscrimination",
    "PatchDiscriminationSettings",
    "PatchPooling",
    "RegionDiscrimination",
    "RegionDiscriminationSettings",
    "pool_patches",
]
