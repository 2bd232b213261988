"""Open the method that an evaluation of masks asks for, with the images prepared for it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch

from medssl.embed import DenseEmbedder, embed_cohort, open_embedder
from medssl.evaluate.segmentation.clusters import ClusterMethod, control_clusters
from medssl.evaluate.segmentation.few import HeadMethod, finetune_settings
from medssl.evaluate.segmentation.finetuning import FinetuneMethod, base_start, plain_start
from medssl.evaluate.segmentation.methods import Method
from medssl.evaluate.segmentation.request import SegmentationRequest
from medssl.evaluate.segmentation.shape import FilterMethod, ShapeMethod, shape_settings
from medssl.evaluate.segmentation.unet import UNET
from medssl.io import ImageListing
from medssl.io.formats import extension
from medssl.models import DataInfo, EmbeddingInfo, ModelCard, save_model
from medssl.nets import build_net
from medssl.prepare import ArrayCache, PreparedCohort, prepare_cohort
from medssl.presets import ld_recipe
from medssl.progress import Progress
from medssl.segment.clusters import RefineSettings
from medssl.segment.clusters.controls import INTENSITY, OTSU, GreyEmbedder
from medssl.segment.run import open_clusters
from medssl.segment.shape_guided.controls import FILTERS
from medssl.segment.shape_guided.opening import open_shape
from medssl.transfer.base import RANDOM, Base, open_base


def open_method(
    listing: ImageListing,
    request: SegmentationRequest,
    ndim: Literal[2, 3],
    cache: ArrayCache,
    progress: Progress,
    leave_out: Sequence[str] = (),
) -> tuple[PreparedCohort, Method]:
    """Prepare the images as the method wants them, and open it.

    Raises
    ------
    ModelError
        If the model cannot be used, or has no clusters of its own where they are asked for.
    SettingsError
        If the device is not there.
    """
    if request.mode == "shape":
        return _open_shape(listing, request, ndim, cache, progress, leave_out)
    if request.mode == "few" and request.learner != "head":
        plain = request.model == UNET
        base = open_start(RANDOM if plain else request.model, ndim).worked_at(request.side)
        prepared = prepare_cohort(listing, base.input, cache, progress)
        settings = finetune_settings(request, ndim)
        start = plain_start(ndim, settings) if plain else base_start(base, settings)
        return prepared, FinetuneMethod(start, request.seconds)
    embedder = open_any(request.model, ndim, request.device, request.seed)
    prepared = prepare_cohort(listing, embedder.settings, cache, progress)
    embedded = embed_cohort(prepared, embedder, cache, progress)
    if request.mode == "few":
        return prepared, HeadMethod(embedded, request.upright)
    if request.model in (INTENSITY, OTSU):
        clusters = control_clusters(embedded, request.model, request.clusters)
    else:
        clusters = open_clusters(
            embedded, request.clusters, request.reading, request.upright, request.seed, progress
        )
    return prepared, ClusterMethod(embedded, clusters, RefineSettings())


def _open_shape(
    listing: ImageListing,
    request: SegmentationRequest,
    ndim: Literal[2, 3],
    cache: ArrayCache,
    progress: Progress,
    leave_out: Sequence[str],
) -> tuple[PreparedCohort, Method]:
    """Open the shape or a control; masks of the images themselves are never a prior."""
    settings = shape_settings(request, ndim)
    own = [
        one.path.name[: len(one.path.name) - len(extension(one.path))] for one in listing.sources
    ]
    assert request.prior is not None
    prepared, prior = open_shape(
        listing.sources,
        request.prior,
        settings,
        request.prior_label,
        request.fields,
        (*own, *leave_out),
        cache,
        progress,
    )
    if request.model in FILTERS:
        return prepared, FilterMethod(prepared, request.model)
    base = open_base(request.model, ndim) if request.model != RANDOM else None
    return prepared, ShapeMethod(prepared, prior, settings, base)


def open_start(model: str, ndim: Literal[2, 3]) -> Base:
    """Open what a fine-tuning begins with.

    Random weights are in the net of the preset `quick`; ``random:DIR`` are in that of a model.
    """
    if model.startswith(f"{RANDOM}:"):
        base = open_base(model.removeprefix(f"{RANDOM}:"), ndim)
        return Base(base.architecture, base.input, None, {})
    if model != RANDOM:
        return open_base(model, ndim)
    recipe = ld_recipe("quick", ndim=ndim)
    return Base(recipe.architecture, recipe.prepare, None, {})


def open_any(model: str, ndim: Literal[2, 3], device: str, seed: int) -> DenseEmbedder:
    """Open a model, `instant`, a net with random weights, or a control."""
    if model == INTENSITY:
        return GreyEmbedder("intensity", ndim)
    if model == OTSU:
        return GreyEmbedder("otsu", ndim)
    if model == RANDOM:
        return random_embedder(ndim, device, seed)
    return open_embedder(model, ndim, device)


def random_embedder(ndim: Literal[2, 3], device: str, seed: int) -> DenseEmbedder:
    """Open the net of the preset `quick` as it is before it has learned anything."""
    recipe = ld_recipe("quick", ndim=ndim)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = build_net(recipe.architecture)
    card = ModelCard(
        architecture=recipe.architecture,
        input=recipe.prepare,
        embedding=EmbeddingInfo(
            channels=recipe.architecture.embedding_channels, stride=recipe.architecture.out_stride
        ),
        recipe={"name": RANDOM},
        data=DataInfo(n_images=0),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = save_model(Path(folder) / RANDOM, net, card)
        return open_embedder(path, ndim, device)
