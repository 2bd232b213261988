"""Views: batched random transforms on the device, with their correspondences."""

from medssl.views.batch import ImageBatch
from medssl.views.dense import DenseViews, DenseViewSettings, make_dense_views

__all__ = ["DenseViewSettings", "DenseViews", "ImageBatch", "make_dense_views"]
