"""Views: batched random transforms on the device, with their correspondences."""

from medssl.views.batch import ImageBatch
from medssl.views.dense import DenseViews, DenseViewSettings, make_dense_views
from medssl.views.distorted import (
    DistortedViews,
    DistortedViewSettings,
    make_distorted_views,
)
from medssl.views.pairs import PairViews, PairViewSettings, make_pair_views

__all__ = [
    "DenseViewSettings",
    "DenseViews",
    "DistortedViewSettings",
    "DistortedViews",
    "ImageBatch",
    "PairViewSettings",
    "PairViews",
    "make_dense_views",
    "make_distorted_views",
    "make_pair_views",
]
