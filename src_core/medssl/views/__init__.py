"""Views: batched random transforms on the device, with their correspondences."""

from medssl.views.batch import ImageBatch
from medssl.views.dense import DenseViews, DenseViewSettings, make_dense_views
from medssl.views.pairs import PairViews, PairViewSettings, make_pair_views

__all__ = [
    "DenseViewSettings",
    "DenseViews",
    "ImageBatch",
    "PairViewSettings",
    "PairViews",
    "make_dense_views",
    "make_pair_views",
]
