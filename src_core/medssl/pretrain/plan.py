"""From settings and a cohort to a plan with nothing left open; stored in ``job.json``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from pydantic import BaseModel, ConfigDict, Field

from medssl import __version__
from medssl.errors import SettingsError
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain.fit import fit_to_number
from medssl.pretrain.recipe import Recipe, Stage
from medssl.pretrain.settings import PretrainSettings
from medssl.pretrain.suitability import notes_on_images
from medssl.pretrain.words import warn_of_large_views

if TYPE_CHECKING:
    from medssl.prepare import Case, PreparedCohort

SMALLEST_SIDE = 8
HOLD_OUT_FROM = 10
COMPILE_FROM_MINUTES = 3.0
COMPILE_FROM_STEPS = 200


class Plan(BaseModel):
    """A training with nothing left open but, until it is measured, the number of steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: PretrainSettings = Field(description="What was asked.")
    recipe: Recipe = Field(description="What it means.")
    prepare: PrepareSettings = Field(description="How the images were prepared.")
    canvas: tuple[int, ...] = Field(description="Size that images are laid on, voxels.")
    view: tuple[int, ...] = Field(description="Size of a grid or distorted view, voxels.")
    n_images: int = Field(description="Images that are trained on or held out.")
    fingerprint: str = Field(description="Fingerprint of the cohort.")
    steps: int | None = Field(default=None, description="Steps in all.")
    notes: tuple[str, ...] = Field(default=(), description="What a person should know.")

    def wants_compilation(self) -> bool:
        """Whether the net is to be compiled: if asked, or if the training is long enough."""
        if self.settings.compile != "auto":
            return self.settings.compile == "on"
        if self.settings.minutes is None and self.settings.steps is not None:
            return self.settings.steps >= COMPILE_FROM_STEPS
        minutes = self.settings.minutes or self.recipe.minutes
        return minutes is None or minutes >= COMPILE_FROM_MINUTES

    def stage_at(self, step: int) -> tuple[int, Stage]:
        """Return number and stage that a step (0-based) belongs to."""
        for number, end in enumerate(self.stage_ends()):
            if step < end:
                return number, self.recipe.stages[number]
        return len(self.recipe.stages) - 1, self.recipe.stages[-1]

    def stage_ends(self) -> list[int]:
        """Step at which each stage ends."""
        assert self.steps is not None
        shares = [stage.share for stage in self.recipe.stages]
        return [
            round(self.steps * sum(shares[: number + 1]) / sum(shares))
            for number in range(len(shares))
        ]

    def place(self, step: int) -> float:
        """Return where a step (0-based) lies in its stage, from 0 to 1."""
        ends = [0, *self.stage_ends()]
        number, _ = self.stage_at(step)
        return (step - ends[number]) / (ends[number + 1] - ends[number])

    def schedule_span(self, step: int) -> tuple[int, int]:
        """Return first step and end of the schedule of the learning rate that a step lies in."""
        assert self.steps is not None
        ends = self.stage_ends()
        restarts = [
            start
            for start, stage in zip([0, *ends], self.recipe.stages, strict=False)
            if stage.restart
        ]
        first = max([0, *(start for start in restarts if start <= step)])
        return first, min([self.steps, *(start for start in restarts if start > step)])


@dataclass(frozen=True)
class Division:
    """Cases to train on and cases held out."""

    training: tuple[Case, ...]
    held_out: tuple[Case, ...]


def make_plan(images: PreparedCohort, settings: PretrainSettings) -> tuple[Plan, Division]:
    """Fit the recipe to a cohort.

    Raises
    ------
    SettingsError
        If the images do not fit the recipe: other dimension or channels, all too small, or too
        few of them.
    """
    recipe = settings.resolve()
    _check_preparation(images, recipe)
    cases = [case for case in images.cases if min(case.array.shape[1:]) >= SMALLEST_SIDE]
    notes = []
    if len(cases) < len(images.cases):
        number = len(images.cases) - len(cases)
        notes.append(f"{number} images with a side under {SMALLEST_SIDE} voxels are left out")
    _check_number(cases, recipe)
    notes += notes_on_images(cases, recipe)
    large = warn_of_large_views([case.array.shape[1:] for case in cases], recipe)
    if large:
        notes.append(large)
    division = divide(cases, recipe.held_out)
    recipe, fitted = fit_to_number(recipe, len(division.training))
    notes += fitted
    if recipe.batch < 2 <= len(division.training) and recipe.links_images:
        notes.append("a step sees one image: images are not linked; take a batch of 2 or more")
    shapes = [case.array.shape[1:] for case in cases]
    canvas = choose_canvas(shapes, recipe)
    plan = Plan(
        settings=settings,
        recipe=recipe,
        prepare=images.settings,
        canvas=canvas,
        view=choose_view(canvas, recipe),
        n_images=len(cases),
        fingerprint=images.fingerprint,
        steps=settings.steps or (None if settings.minutes else recipe.steps),
        notes=tuple(notes),
    )
    return plan, division


def divide(cases: Sequence[Case], share: float) -> Division:
    """Hold out a share of the cases, evenly spread; none of a cohort smaller than ten."""
    count = round(len(cases) * share) if len(cases) >= HOLD_OUT_FROM else 0
    chosen = {round((number + 0.5) * len(cases) / count) for number in range(count)}
    return Division(
        tuple(case for number, case in enumerate(cases) if number not in chosen),
        tuple(case for number, case in enumerate(cases) if number in chosen),
    )


def choose_canvas(shapes: Sequence[tuple[int, ...]], recipe: Recipe) -> tuple[int, ...]:
    """Choose the size that holds the images, or the largest crop; a multiple of the net's stride.

    Grid recipes turn views by 90°, so their canvas is equally long along all axes.
    """
    step = recipe.architecture.deepest_stride
    most = max(step, recipe.largest_crop // step * step)
    sides = [
        min(most, math.ceil(max(shape[axis] for shape in shapes) / step) * step)
        for axis in range(recipe.architecture.ndim)
    ]
    if any(stage.views.kind == "pairs" for stage in recipe.stages):
        sides = [max(sides)] * len(sides)
    return tuple(sides)


def choose_view(canvas: tuple[int, ...], recipe: Recipe) -> tuple[int, ...]:
    """Choose the size of views.

    Of grid views it is the canvas, reduced, in multiples that the grid divides; distorted views
    name their own.
    """
    for stage in recipe.stages:
        if stage.views.kind == "distorted":
            return stage.views.size
        if stage.views.kind == "pairs" and stage.pooling is not None:
            unit = math.lcm(
                stage.pooling.grid * recipe.architecture.out_stride,
                recipe.architecture.deepest_stride,
            )
            wanted = canvas[0] * stage.views.reduction
            return (max(unit, round(wanted / unit) * unit),) * len(canvas)
    return canvas


def job_record(plan: Plan, division: Division) -> dict[str, Any]:
    """Return what ``job.json`` holds of a plan and its images."""
    used = [(case, False) for case in division.training]
    used += [(case, True) for case in division.held_out]
    return {
        "format": 1,
        "verb": "pretrain",
        "plan": plan.model_dump(mode="json"),
        "inputs": [
            {
                "key": case.key,
                "path": str(case.path.absolute()),
                "fingerprint": case.fingerprint,
                "held_out": held_out,
            }
            for case, held_out in used
        ],
        "versions": {"medssl": __version__, "torch": str(torch.__version__)},
    }


def bare_request(plan: Plan, division: Division) -> dict[str, Any]:
    """Return the request that a training which was not asked for as a job amounts to."""
    cases = (*division.training, *division.held_out)
    return {
        "verb": "pretrain",
        "images": sorted({str(case.path.absolute()) for case in cases}),
        "settings": plan.settings.model_dump(mode="json"),
    }


def _check_preparation(images: PreparedCohort, recipe: Recipe) -> None:
    wanted, given = recipe.prepare, images.settings
    if wanted.ndim != given.ndim or wanted.channels != given.channels:
        raise SettingsError(
            f"the images are prepared as {given.ndim}-D with {given.channels} channel(s), the "
            f"recipe wants {wanted.ndim}-D with {wanted.channels}. Prepare them with the "
            "settings' own `prepare`."
        )


def _check_number(cases: Sequence[Case], recipe: Recipe) -> None:
    if not cases:
        raise SettingsError(
            f"no image is at least {SMALLEST_SIDE} working voxels along every side; "
            "pretraining needs larger images"
        )
    if len(cases) < 2 and any(stage.views.kind == "pairs" for stage in recipe.stages):
        raise SettingsError(
            "the grid form mixes two different images, and there is one usable image. "
            "Add images, or take the dense form."
        )
