"""A tiny cohort in memory and a tiny recipe, for tests of the trainer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from medssl.nets import Architecture
from medssl.objectives import (
    CrossImageMatchingSettings,
    DenseDiscriminationSettings,
    DenseMatchingSettings,
)
from medssl.prepare.settings import PrepareSettings
from medssl.presets import ld_recipe
from medssl.pretrain import PretrainSettings, Recipe, Stage
from medssl.views import DenseViewSettings


@dataclass(frozen=True)
class MemoryCase:
    """A prepared case that lies in memory."""

    array: np.ndarray[Any, Any]
    key: str = "one.png"
    path: Path = Path("images/one.png")
    fingerprint: str = "f"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class MemoryCohort:
    """What the trainer needs of a prepared cohort."""

    cases: tuple[MemoryCase, ...]
    settings: PrepareSettings
    fingerprint: str = "f0"


def make_cohort(count: int = 6, ndim: int = 2, channels: int = 1, side: int = 32) -> MemoryCohort:
    """Smooth random images of somewhat different sizes."""
    rng = np.random.default_rng(0)
    cases = []
    for number in range(count):
        shape = (side - 4 * (number % 3), *[side] * (ndim - 1))
        noise = gaussian_filter(rng.random((channels, *shape)), (0, *[2] * ndim))
        noise = (noise - noise.min()) / np.ptp(noise)
        name = f"{number}.png"
        path = Path("images") / name
        cases.append(MemoryCase(noise.astype(np.float16), name, path, f"f{number}"))
    settings = PrepareSettings(ndim=ndim, channels=channels, longest_side=max(16, side))
    return MemoryCohort(tuple(cases), settings)


def tiny_recipe(form: str = "dense", ndim: int = 2, **changes: Any) -> Recipe:
    """A recipe that takes milliseconds a step."""
    recipe = ld_recipe("quick", form, ndim=ndim)
    stride = 1 if form == "grid" else 2
    values: dict[str, Any] = {
        "architecture": Architecture.plain(
            ndim=ndim, widths=(4, 8), out_stride=stride, embedding_channels=8
        ),
        "batch": 2,
        "largest_crop": 32,
    }
    if form == "dense":
        stage = Stage(
            name="dense",
            views=DenseViewSettings(points=16),
            objectives=(DenseDiscriminationSettings(),),
        )
        values["stages"] = (stage,)
    return recipe.model_copy(update=values | changes)


def tiny_settings(form: str = "dense", ndim: int = 2, **values: Any) -> PretrainSettings:
    """Settings of a tiny training on one processor."""
    recipe = tiny_recipe(form, ndim, **values.pop("recipe", {}))
    values = {"steps": 4} | values if "minutes" not in values else values
    return PretrainSettings(custom=recipe, ndim=ndim, device="cpu", compile="off", **values)


def linked_stages() -> tuple[Stage, ...]:
    """The two stages of the dense form, with few points."""
    objectives = (
        DenseDiscriminationSettings(),
        DenseMatchingSettings(),
        CrossImageMatchingSettings(),
    )
    return tuple(
        Stage(
            name=name,
            views=DenseViewSettings(points=16),
            correspondences=correspondences,
            objectives=objectives,
        )
        for name, correspondences in (("across", "descriptor"), ("refined", "net"))
    )


def linked_settings(ndim: int = 2, **values: Any) -> PretrainSettings:
    """Settings of a tiny training that links images in both stages."""
    recipe = {"stages": linked_stages()} | values.pop("recipe", {})
    return tiny_settings(ndim=ndim, recipe=recipe, **values)
