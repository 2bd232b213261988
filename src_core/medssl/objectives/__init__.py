"""Objectives: one loss a file, each an ``nn.Module``."""

from medssl.objectives.adversarial import Adversarial, AdversarialSettings
from medssl.objectives.assignment_balance import (
    AssignmentBalance,
    AssignmentBalanceSettings,
)
from medssl.objectives.assignment_entropy import (
    AssignmentEntropy,
    AssignmentEntropySettings,
)
from medssl.objectives.barlow_twins import BarlowTwins, BarlowTwinsSettings
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.dense_discrimination import (
    DenseDiscrimination,
    DenseDiscriminationSettings,
)
from medssl.objectives.hypersphere_mixup import HypersphereMixup, HypersphereMixupSettings
from medssl.objectives.learning import LearningObjective
from medssl.objectives.matching import (
    CrossImageMatching,
    CrossImageMatchingSettings,
    DenseMatching,
    DenseMatchingSettings,
)
from medssl.objectives.moco import Moco, MocoSettings
from medssl.objectives.patch_discrimination import (
    PatchDiscrimination,
    PatchDiscriminationSettings,
)
from medssl.objectives.pooling import PatchPooling, pool_patches
from medssl.objectives.region_discrimination import (
    RegionDiscrimination,
    RegionDiscriminationSettings,
)
from medssl.objectives.restoration import Restoration, RestorationSettings
from medssl.objectives.shape_adversary import ShapeAdversary, ShapeAdversarySettings
from medssl.objectives.shape_contrast import ShapeContrast, ShapeContrastSettings
from medssl.objectives.shapes import ShapeMasks
from medssl.objectives.simsiam import Simsiam, SimsiamSettings
from medssl.objectives.visual_words import VisualWords, VisualWordsSettings

__all__ = [
    "Adversarial",
    "AdversarialSettings",
    "AssignmentBalance",
    "AssignmentBalanceSettings",
    "AssignmentEntropy",
    "AssignmentEntropySettings",
    "BarlowTwins",
    "BarlowTwinsSettings",
    "CrossImageMatching",
    "CrossImageMatchingSettings",
    "DenseDiscrimination",
    "DenseDiscriminationSettings",
    "DenseMatching",
    "DenseMatchingSettings",
    "HypersphereMixup",
    "HypersphereMixupSettings",
    "LearningObjective",
    "Moco",
    "MocoSettings",
    "ObjectiveResult",
    "Outputs",
    "PatchDiscrimination",
    "PatchDiscriminationSettings",
    "PatchPooling",
    "RegionDiscrimination",
    "RegionDiscriminationSettings",
    "Restoration",
    "RestorationSettings",
    "ShapeAdversary",
    "ShapeAdversarySettings",
    "ShapeContrast",
    "ShapeContrastSettings",
    "ShapeMasks",
    "Simsiam",
    "SimsiamSettings",
    "VisualWords",
    "VisualWordsSettings",
    "pool_patches",
]
