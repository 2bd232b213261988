"""Named settings: what `quick`, `standard` and `paper` mean."""

from __future__ import annotations

from typing import Literal

from medssl.nets.architecture import VOLUME_WIDTHS, Architecture
from medssl.objectives import (
    AssignmentBalanceSettings,
    AssignmentEntropySettings,
    CrossImageMatchingSettings,
    DenseDiscriminationSettings,
    DenseMatchingSettings,
    HypersphereMixupSettings,
    PatchDiscriminationSettings,
    PatchPooling,
    RegionDiscriminationSettings,
)
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain.recipe import Optimiser, Recipe, Schedule, Stage
from medssl.views import DenseViewSettings, PairViewSettings
from medssl.views.affine import AffineSettings
from medssl.views.pairs import SLIGHT_CROP

PresetName = Literal["quick", "standard", "paper"]
FormName = Literal["dense", "grid"]
Dimension = Literal[2, 3]
Channels = Literal[1, 3]

EPOCH_STEPS = 1000
QUICK_MINUTES = 8.0
SHORTEST_LINKED_MINUTES = 4.0
"""Trainings shorter than this do not link images."""
STANDARD_MINUTES = 45.0
FIRST_STAGE_SHARE = 0.6
"""Share of the steps that stage 1 gets before stage 2, but for the paper's preset."""
DENSE_ENTROPY_WEIGHT = 1.0
"""The dense form has hundreds of steps for what the paper has 80,000: sure sooner."""
CENTRE_SIGMA = 0.25
"""Standard deviation of the center-sensitive window, as a share of the patch's side."""
_FREE = {"rotation_degrees": 180.0, "flip_axes": (-1,)}
_GRID_STAGE_OBJECTIVES = (PatchDiscriminationSettings(), HypersphereMixupSettings())


def default_form(preset: PresetName) -> FormName:
    """Return the form of patch discrimination that a preset uses: the paper's is the grid."""
    return "grid" if preset == "paper" else "dense"


def ld_recipe(
    preset: PresetName,
    form: FormName | None = None,
    ndim: Dimension = 2,
    channels: Channels = 1,
    upright: bool = True,
    clusters: int | None = None,
    centre_sensitive: bool = False,
    linked: bool = True,
    balance: float = 0.0,
) -> Recipe:
    """Build the recipe of local discrimination: stage 1 and, with clusters, stage 2.

    Parameters
    ----------
    preset
        `quick` and `standard` differ in time and in nothing else; `paper` is the published net,
        size and schedule.
    form
        `grid` is the paper's patch discrimination with mixup, `dense` the same idea with points;
        None takes the preset's.
    ndim, channels
        What the images are.
    upright
        Whether images have a known way up (no flips, small rotations). False for fundus
        photographs and the like.
    clusters
        Clusters of the second stage; None: there is no second stage.
    centre_sensitive
        grid: pool patches with a Gaussian window in place of a plain average.
    linked
        dense: whether a part of the training also matches across images. Linking costs about
        half a second an image first, so that it does not pay in a training of few minutes.
    balance
        Weight of the balance of clusters, which the paper has not; 0: none.
    """
    form = form or default_form(preset)
    if form == "grid":
        stages: tuple[Stage, ...] = (_grid_stage(upright, centre_sensitive),)
    else:
        stages = _dense_stages(upright, linked)
    if clusters:
        first = 20.0 if preset == "paper" else FIRST_STAGE_SHARE
        after = 80.0 if preset == "paper" else 1 - first
        stages = _with_regions(stages, first, after, balance)
    if preset == "paper":
        return _paper(stages, form, ndim, channels, clusters or 0)
    return Recipe(
        name=f"ld-{form}-{preset}",
        architecture=_plain_net(ndim, channels, clusters or 0),
        prepare=_working_grid(ndim, channels, longest_side=256),
        stages=stages,
        batch=12 if form == "dense" else 8,
        minutes=QUICK_MINUTES if preset == "quick" else STANDARD_MINUTES,
        largest_crop=256 if ndim == 2 else 64,
    )


def _paper(
    stages: tuple[Stage, ...], form: FormName, ndim: Dimension, channels: Channels, clusters: int
) -> Recipe:
    return Recipe(
        name=f"ld-{form}-paper",
        architecture=Architecture.vgg("tiny", ndim=ndim, in_channels=channels, clusters=clusters),
        prepare=_working_grid(ndim, channels, longest_side=512),
        stages=stages,
        optimiser=Optimiser(kind="adam", lr=1e-3, weight_decay=0.0),
        schedule=Schedule(kind="halving", warmup_steps=0, halve_every=10 * EPOCH_STEPS),
        batch=8,
        steps=(100 if clusters else 20) * EPOCH_STEPS,
        held_out=0.1,
        validate_every=EPOCH_STEPS,
        largest_crop=512 if ndim == 2 else 96,
    )


def _plain_net(ndim: Dimension, channels: Channels, clusters: int) -> Architecture:
    if ndim == 2:
        return Architecture.plain(ndim=2, in_channels=channels, out_stride=4, clusters=clusters)
    return Architecture.plain(
        ndim=3, in_channels=channels, out_stride=2, widths=VOLUME_WIDTHS, clusters=clusters
    )


def _working_grid(ndim: Dimension, channels: Channels, longest_side: int) -> PrepareSettings:
    if ndim == 2:
        return PrepareSettings(ndim=2, channels=channels, longest_side=longest_side)
    return PrepareSettings(ndim=3, channels=channels)


def _dense_stages(upright: bool, linked: bool) -> tuple[Stage, ...]:
    """Build the dense form: first within images, then also across them.

    A short second stage serves best: a long one learns the errors of single alignments too.
    Images without a known way up are not linked across: the descriptor that links them knows no
    turned copies.
    """
    if not upright:
        views = DenseViewSettings(affine=AffineSettings(**_FREE))
        objectives = (DenseDiscriminationSettings(), DenseMatchingSettings())
        return (Stage(name="within", views=views, objectives=objectives),)
    within = Stage(
        name="within",
        share=0.6,
        views=DenseViewSettings(),
        objectives=(DenseDiscriminationSettings(),),
    )
    if not linked:
        return (within,)
    return (
        within,
        Stage(
            name="across",
            share=0.4,
            views=DenseViewSettings(),
            correspondences="descriptor",
            objectives=(
                DenseDiscriminationSettings(),
                DenseMatchingSettings(),
                CrossImageMatchingSettings(),
            ),
        ),
    )


def _grid_stage(upright: bool, centre_sensitive: bool) -> Stage:
    affine = SLIGHT_CROP if upright else SLIGHT_CROP.model_copy(update=_FREE)
    return Stage(
        name="grid",
        views=PairViewSettings(affine=affine),
        pooling=PatchPooling(grid=8, centre_sigma=CENTRE_SIGMA if centre_sensitive else None),
        objectives=_GRID_STAGE_OBJECTIVES,
    )


def _with_regions(
    stages: tuple[Stage, ...], before: float, regions: float, balance: float
) -> tuple[Stage, ...]:
    """Append stage 2: the last stage goes on, and clusters are learned beside.

    Parameters
    ----------
    stages
        Stage 1.
    before, regions
        Shares of the steps of stage 1 as a whole, and of stage 2.
    balance
        Weight of the balance of clusters; 0: none.
    """
    whole = sum(stage.share for stage in stages)
    first = tuple(
        stage.model_copy(update={"share": stage.share * before / whole}) for stage in stages
    )
    last = stages[-1]
    second = last.model_copy(
        update={
            "name": "regions",
            "share": regions,
            "restart": True,
            "objectives": (
                *last.objectives,
                RegionDiscriminationSettings(),
                AssignmentEntropySettings(weight=0.1 if last.pooling else DENSE_ENTROPY_WEIGHT),
                *([AssignmentBalanceSettings(weight=balance)] if balance else []),
            ),
        }
    )
    return (*first, second)
