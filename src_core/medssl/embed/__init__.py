"""Dense embeddings of images and volumes, cached in half precision.

`NetEmbedder` and `InstantEmbedder` come from `open_embedder`; torch is imported when a trained
model is opened.
"""

from __future__ import annotations

from medssl.embed.clusters import image_prototypes, prototype_map
from medssl.embed.cohort import EmbeddedCase, EmbeddedCohort, embed_cohort
from medssl.embed.embedder import (
    INSTANT,
    DenseEmbedder,
    open_embedder,
    open_landmark_embedder,
)

__all__ = [
    "INSTANT",
    "DenseEmbedder",
    "EmbeddedCase",
    "EmbeddedCohort",
    "embed_cohort",
    "image_prototypes",
    "open_embedder",
    "open_landmark_embedder",
    "prototype_map",
]
