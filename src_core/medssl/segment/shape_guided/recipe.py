"""The adversarial recipe as a stage of the trainer."""

from __future__ import annotations

from typing import Literal

from medssl.errors import SettingsError
from medssl.nets import Architecture
from medssl.objectives import (
    AssignmentEntropySettings,
    DenseDiscriminationSettings,
    RegionDiscriminationSettings,
    ShapeAdversarySettings,
    ShapeContrastSettings,
)
from medssl.prepare.contrast import ContrastSettings
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain.recipe import ObjectiveSettings, Optimiser, Recipe, Schedule, Stage
from medssl.segment.shape_guided.prior import ShapePrior
from medssl.segment.shape_guided.settings import ShapeSettings
from medssl.views import DenseViewSettings
from medssl.views.affine import AffineSettings
from medssl.views.elastic import ElasticSettings
from medssl.views.photometric import PhotometricSettings

WIDTHS = {2: (16, 32, 64, 64), 3: (8, 16, 32, 32)}
EMBEDDING = 16
WINDOW = 2.0
"""Standard deviation of the contrast's window, in widths of the shape."""
_FINEST, _WIDEST = 0.01, 0.25
UNCHANGED = PhotometricSettings(gamma=0, contrast=0, offset=0, shading=0, noise=0)
"""The contrast is normalised as it is, and the field of view must stay what it is."""


def shape_preparation(
    settings: ShapeSettings, prior: ShapePrior, plain: PrepareSettings
) -> PrepareSettings:
    """Return how images are prepared: the contrast's window follows from the shape's width.

    Parameters
    ----------
    settings
        Its colour.
    prior
        The shape on the working scale.
    plain
        The working grid.
    """
    side = float(max(max(mask.shape) for mask in prior.masks))
    window = min(_WIDEST, max(_FINEST, WINDOW * prior.width / side))
    contrast = ContrastSettings(window=round(window, 4), colour=settings.colour)
    return plain.model_copy(update={"channels": 3, "contrast": contrast})


def shape_architecture(
    settings: ShapeSettings, clusters: int = 0, base: Architecture | None = None
) -> Architecture:
    """Describe a U-Net at full resolution.

    Parameters
    ----------
    settings
        Dimension, and whether an embedding is learned beside.
    clusters
        Of the second head.
    base
        Net whose levels it has; None: a small one.

    Raises
    ------
    SettingsError
        If the base has no level at full resolution, or is of the other dimension.
    """
    if base is not None and (base.kind == "resnet" or base.ndim != settings.ndim):
        raise SettingsError(
            f"a shape is learned by a {settings.ndim}-D net of the family plain or vgg, and the "
            f"model is a {base.ndim}-D {base.kind}. Name another with --model, or random."
        )
    net = Architecture.plain(
        settings.ndim,
        in_channels=3,
        out_stride=1,
        embedding_channels=EMBEDDING,
        widths=WIDTHS[settings.ndim],
        clusters=clusters,
    )
    if base is not None:
        kept = {"kind": base.kind, "widths": base.widths, "convolutions": base.convolutions}
        net = net.model_copy(update=kept)
    if settings.regions:
        return net
    bare = net.model_copy(update={"embedding_of": "decoder"})
    return bare.model_copy(update={"embedding_channels": bare.feature_channels})


def shape_recipe(
    settings: ShapeSettings,
    prepare: PrepareSettings,
    digest: str,
    sign: Literal[-1, 0, 1] = 0,
    base: Architecture | None = None,
) -> Recipe:
    """Build the recipe: the adversary, the contrast and, if asked for, stage 2 of LD beside.

    Parameters
    ----------
    settings
        What is asked.
    prepare
        How the images are prepared.
    digest
        Hash of the masks of the shape.
    sign
        1: the shape is bright, −1: dark, 0: either.
    base
        Net whose levels the recipe's has; None: a small one.
    """
    free = {"rotation_degrees": 180.0, "flip_axes": (-1,)}
    affine = AffineSettings(**({} if settings.upright else free), scale=(0.95, 1.05), stretch=0)
    objectives: tuple[ObjectiveSettings, ...] = (
        ShapeAdversarySettings(masks=digest),
        ShapeContrastSettings(weight=settings.contrast_weight, sign=sign),
    )
    if settings.regions:
        objectives = (
            *objectives,
            DenseDiscriminationSettings(),
            RegionDiscriminationSettings(),
            AssignmentEntropySettings(),
        )
    return Recipe(
        name="ld-shape",
        architecture=shape_architecture(settings, settings.clusters, base),
        prepare=prepare,
        stages=(
            Stage(
                name="shape",
                views=DenseViewSettings(
                    affine=affine,
                    elastic=ElasticSettings(amplitude=0),
                    photometric=UNCHANGED,
                ),
                objectives=objectives,
            ),
        ),
        optimiser=Optimiser(kind="adam", lr=1e-3, weight_decay=0.0),
        schedule=Schedule(kind="cosine", warmup_steps=10, final=0.05),
        batch=settings.batch,
        steps=settings.steps,
        largest_crop=settings.crop,
    )
