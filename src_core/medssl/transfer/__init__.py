"""Fine-tuning of pretrained nets for classes and masks."""

from __future__ import annotations

from medssl.transfer.base import Base, open_base
from medssl.transfer.classify import TrainedClassifier, finetune_classifier
from medssl.transfer.draw import draw_labelled
from medssl.transfer.labels import Labels, read_labels
from medssl.transfer.masks import MaskFiles, find_masks, parse_structures
from medssl.transfer.outlining import images_with_masks, learn_outlines
from medssl.transfer.predictions import require_no_predictions, write_classes, write_masks
from medssl.transfer.segment import TrainedSegmenter, finetune_segmenter
from medssl.transfer.settings import FinetuneSettings
from medssl.transfer.storage import (
    FinetunedCard,
    load_trained,
    make_card,
    require_free,
    save_trained,
)

__all__ = [
    "Base",
    "FinetuneSettings",
    "FinetunedCard",
    "Labels",
    "MaskFiles",
    "TrainedClassifier",
    "TrainedSegmenter",
    "draw_labelled",
    "find_masks",
    "finetune_classifier",
    "finetune_segmenter",
    "images_with_masks",
    "learn_outlines",
    "load_trained",
    "make_card",
    "open_base",
    "parse_structures",
    "read_labels",
    "require_free",
    "require_no_predictions",
    "save_trained",
    "write_classes",
    "write_masks",
]
