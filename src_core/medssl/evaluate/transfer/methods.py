"""The nets that a comparison begins with: pretrained by a recipe, given, or random."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medssl.errors import ModelError
from medssl.evaluate.transfer.request import RANDOM, TransferRequest, split_method
from medssl.models import WEIGHTS_NAME, load_model
from medssl.nets import Architecture, DenseNet
from medssl.prepare import Case, PreparedCohort, PrepareSettings
from medssl.pretrain import PretrainSettings, Recipe, make_settings, pretrain
from medssl.progress import Progress

_BASE = "dira-moco"
"""The recipe whose net all have in common, as far as it is not the task of a recipe to differ."""
WHOLE_VOLUMES = 4
"""Volumes a step of recipes whose views show all of a volume: those of the others are crops of a
tenth of it or less, and all have the same minutes."""


@dataclass(frozen=True)
class Start:
    """What a fine-tuning begins with.

    Parameters
    ----------
    name
        As in the table.
    architecture
        Of the net.
    net
        The pretrained net; None: random weights.
    identity
        Hash of the weights, or ``random``.
    record
        What is told of the pretraining: steps, seconds, warnings.
    """

    name: str
    architecture: Architecture
    net: DenseNet | None
    identity: str
    record: dict[str, Any]


def common_net(request: TransferRequest, ndim: int) -> Architecture:
    """Return the net of all recipes of a comparison."""
    return _settings(request, ndim, _BASE).resolve().architecture


def common_preparation(request: TransferRequest, ndim: int) -> PrepareSettings:
    """Return the working grid of a comparison."""
    return PrepareSettings(
        ndim=3 if ndim == 3 else 2,
        channels=request.channels,
        longest_side=request.longest_side,
        spacing_mm=request.spacing_mm if ndim == 3 else None,
    )


def random_start(architecture: Architecture) -> Start:
    """Return the control: the same net with random weights."""
    return Start(RANDOM, architecture, None, RANDOM, {})


def pretrained_start(
    name: str, request: TransferRequest, images: PreparedCohort, folder: Path, progress: Progress
) -> Start:
    """Pretrain by a recipe on images without their labels; what is done already is taken.

    Parameters
    ----------
    name
        Of the method.
    request
        Net, working grid, length.
    images
        What may be seen: no image that is tested.
    folder
        Where runs are kept.
    progress
        Told of each step; may raise `Cancelled`, the same call then goes on.
    """
    ndim = images.settings.ndim
    settings = _settings(request, ndim, name)
    recipe = _on_common_ground(settings.resolve(), common_net(request, ndim), images.settings)
    custom = make_settings(
        custom=recipe,
        ndim=ndim,
        channels=request.channels,
        upright=request.upright,
        minutes=request.pretrain_minutes,
        steps=request.pretrain_steps,
        device=request.device,
    )
    out = folder / name.replace(":", "-")
    result = pretrain(images, custom, out, progress)
    record = {
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
        "warnings": list(result.warnings),
    }
    return given_start(name, out, images.settings, record)


def given_start(
    name: str, path: str | Path, prepared: PrepareSettings, record: dict[str, Any] | None = None
) -> Start:
    """Open a model folder.

    Raises
    ------
    ModelError
        If there is none, or it wants images of another dimension or number of channels.
    """
    model = load_model(path)
    wanted = model.card.input
    if wanted.ndim != prepared.ndim or wanted.channels != prepared.channels:
        raise ModelError(
            f"{model.path}: this model is for {wanted.ndim}-D images of {wanted.channels} "
            f"channel(s); the images are {prepared.ndim}-D and prepared with {prepared.channels}"
        )
    digest = hashlib.blake2b((model.path / WEIGHTS_NAME).read_bytes(), digest_size=16).hexdigest()
    return Start(name, model.card.architecture, model.net, digest, record or {})


def same_shape(one: Architecture, other: Architecture) -> bool:
    """Whether two nets have the same encoder and the same way up: they share a random control."""
    fields = ("kind", "ndim", "in_channels", "widths", "convolutions", "bottleneck")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def without(images: PreparedCohort, keys: Sequence[str]) -> PreparedCohort:
    """Return a cohort without the images that are tested."""
    hidden = set(keys)
    cases: tuple[Case, ...] = tuple(case for case in images.cases if case.key not in hidden)
    return PreparedCohort(cases, images.settings)


def _settings(request: TransferRequest, ndim: int, name: str) -> PretrainSettings:
    method = split_method(name)
    return make_settings(
        **method,
        net=request.net or ("plain" if ndim == 3 else "resnet18"),
        width=request.width or (8 if ndim == 3 else 16),
        ndim=ndim,
        channels=request.channels,
        upright=request.upright,
    )


def _on_common_ground(recipe: Recipe, net: Architecture, prepare: PrepareSettings) -> Recipe:
    """Give a recipe the net and the working grid of all; what it makes an embedding of stays."""
    own = recipe.architecture
    built = own.model_copy(
        update={"kind": net.kind, "widths": net.widths, "convolutions": net.convolutions}
    )
    if own.embedding_of != "head":
        built = built.model_copy(update={"embedding_channels": built.feature_channels})
    values: dict[str, Any] = {"architecture": built, "prepare": prepare}
    if net.ndim == 3 and all(stage.views.kind != "distorted" for stage in recipe.stages):
        values["batch"] = min(recipe.batch, WHOLE_VOLUMES)
    return recipe.model_copy(update=values)
