"""Named settings of DiRA: discriminative, restorative and adversarial learning united."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medssl.nets.architecture import Architecture
from medssl.objectives import (
    AdversarialSettings,
    BarlowTwinsSettings,
    DenseDiscriminationSettings,
    DenseMatchingSettings,
    MocoSettings,
    RestorationSettings,
    SimsiamSettings,
    VisualWordsSettings,
)
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain.recipe import ObjectiveSettings, Optimiser, Recipe, Schedule, Stage
from medssl.views import DistortedViewSettings
from medssl.views.appearance import AppearanceSettings
from medssl.views.crops import CropSettings
from medssl.views.distortions import PictureDistortion, VolumeDistortion

PresetName = Literal["quick", "standard", "paper"]
Discrimination = Literal["moco", "barlow", "simsiam", "words"]
StageSchedule = Literal["stepwise", "warmup", "joint"]
PartsName = Literal["di", "res", "dir", "dira"]

SHARES: dict[StageSchedule, dict[str, float]] = {
    "stepwise": {"di": 3.0, "dir": 3.0, "dira": 2.0},
    "warmup": {"dir": 3.0, "dira": 1.0},
    "joint": {"dira": 1.0},
}
"""Shares of the steps; ``warmup`` is the paper's 1200 and 400 epochs."""
VOLUME_FLIPS = (-3, -2, -1)
POINTS = 64
WORD_SHARE = (0.15, 0.35)
"""Area of a crop of a picture that shows a visual word."""
PAPER_STEPS = 540_000
"""1600 epochs of ChestX-ray14's 86,524 training images, 256 a step."""
PAPER_ADVERSARY_BATCH = 16
PAPER_WARMUP = {"dir": 405_600, "dira": 2_163_100}
"""Steps of 1200 epochs of 256 images a step, and of 400 epochs of 16, as the paper has them."""


@dataclass(frozen=True)
class Scale:
    """How large a preset is.

    Parameters
    ----------
    net
        The net; what becomes of its embedding follows from the objectives.
    view
        Size of the views.
    longest_side
        Of the working grid of pictures.
    batch
        Images a step.
    heads
        Width of what tells images apart, as a share of the published.
    adversary
        First width of the discriminator.
    minutes, steps
        Length.
    """

    net: Architecture
    view: tuple[int, ...]
    longest_side: int
    batch: int
    heads: float
    adversary: int
    minutes: float | None = None
    steps: int | None = None


def scale_of(preset: PresetName, ndim: Literal[2, 3], channels: Literal[1, 3]) -> Scale:
    """Return the size of a preset for pictures or volumes."""
    if ndim == 2:
        plain = Architecture.plain(2, channels, out_stride=2, widths=(16, 32, 64, 128, 128))
        return {
            "quick": Scale(plain, (96, 96), 128, 32, 1 / 8, 16, minutes=8.0),
            "standard": Scale(
                Architecture.resnet(18, channels, width=32), (128, 128), 192, 64, 1 / 4, 32, 45.0
            ),
            "paper": Scale(
                Architecture.resnet(50, channels), (224, 224), 256, 256, 1.0, 64, steps=PAPER_STEPS
            ),
        }[preset]
    base = {"quick": 8, "standard": 16, "paper": 64}[preset]
    net = Architecture.plain(
        3, channels, out_stride=2, widths=tuple(base << level for level in range(4))
    )
    return {
        "quick": Scale(net, (16, 32, 32), 128, 8, 1 / 8, 16, minutes=8.0),
        "standard": Scale(net, (32, 48, 48), 128, 8, 1 / 4, 32, minutes=45.0),
        "paper": Scale(net, (32, 64, 64), 128, 16, 1.0, 64, steps=PAPER_STEPS),
    }[preset]


def dira_recipe(
    preset: PresetName,
    discrimination: Discrimination,
    ndim: Literal[2, 3] = 2,
    channels: Literal[1, 3] = 1,
    upright: bool = True,
    schedule: StageSchedule = "stepwise",
    parts: PartsName = "dira",
    places: bool = False,
) -> Recipe:
    """Build a recipe of DiRA.

    Parameters
    ----------
    preset
        `quick` and `standard` differ in time, width and batch.
    discrimination
        What tells images apart.
    ndim, channels
        What the images are.
    upright
        Whether images have a known way up (no flips).
    schedule
        `stepwise` adds one part after the other, `warmup` begins with two, `joint` with all.
    parts
        Discrimination alone, restoration alone, both, or both and the adversary.
    places
        Whether places are told apart too, as local discrimination does: it trains the embedding.
    """
    names = _stage_names(schedule, parts)
    scale = scale_of(preset, ndim, channels)
    recipe = Recipe(
        name=_name(preset, discrimination, schedule, parts, places),
        architecture=_net(scale.net, restores=parts != "di", places=places),
        prepare=PrepareSettings(ndim=ndim, channels=channels, longest_side=scale.longest_side),
        stages=tuple(
            Stage(
                name=name,
                share=SHARES[schedule].get(name, 1.0),
                views=_views(name, scale.view, upright, places, discrimination == "words"),
                objectives=_objectives(name, scale, discrimination, places),
            )
            for name in names
        ),
        optimiser=_optimiser(preset, discrimination, scale.batch),
        schedule=Schedule(final=0.0) if preset == "paper" else Schedule(),
        batch=scale.batch,
        minutes=scale.minutes,
        steps=scale.steps,
        held_out=0.1 if preset == "paper" else 0.0,
        largest_crop=scale.longest_side if ndim == 2 else 2 * max(scale.view),
    )
    published = preset == "paper" and ndim == 2 and names == list(PAPER_WARMUP)
    return _with_small_batches(recipe) if published else recipe


def _with_small_batches(recipe: Recipe) -> Recipe:
    """Let the adversary learn with the paper's small batches, at a rate that is as much smaller."""
    first, second = (
        stage.model_copy(update={"share": float(PAPER_WARMUP[stage.name])})
        for stage in recipe.stages
    )
    rate = PAPER_ADVERSARY_BATCH / recipe.batch
    second = second.model_copy(update={"batch": PAPER_ADVERSARY_BATCH, "rate": rate})
    steps = sum(PAPER_WARMUP.values())
    return recipe.model_copy(update={"stages": (first, second), "steps": steps})


def _stage_names(schedule: StageSchedule, parts: PartsName) -> list[str]:
    """Return the stages up to the last part that is wanted."""
    if parts in ("di", "res"):
        return [parts]
    names = list(SHARES[schedule])
    if parts == "dir":
        return ["dir"] if schedule != "stepwise" else ["di", "dir"]
    return names


def _name(
    preset: PresetName,
    discrimination: Discrimination,
    schedule: StageSchedule,
    parts: PartsName,
    places: bool,
) -> str:
    words = ["ld+dira"] if places else ["dira"]
    if parts != "res":
        words.append("visual-words" if discrimination == "words" else discrimination)
    if parts != "dira":
        words.append(parts)
    if schedule != "stepwise" and parts in ("dir", "dira"):
        words.append(schedule)
    return "-".join([*words, preset])


def _net(net: Architecture, restores: bool, places: bool) -> Architecture:
    """Fit the net: nothing but discrimination of places trains an embedding's head."""
    embedding = "head" if places else "decoder" if restores else "encoder"
    made = net.model_dump() | {"embedding_of": embedding, "restoration": restores}
    if not places:
        level = net.out_level
        made["embedding_channels"] = net.decoder_width(level) if restores else net.widths[level]
    return Architecture.model_validate(made)


def _optimiser(preset: PresetName, discrimination: Discrimination, batch: int) -> Optimiser:
    """Choose as published for `paper`, but for Barlow Twins (LARS), and AdamW else.

    Visual words have a small weight, which AdamW's steps do not see where they learn alone.
    """
    if preset == "paper" and discrimination in ("moco", "simsiam"):
        lr = 0.03 if discrimination == "moco" else 0.05
        return Optimiser(kind="sgd", lr=lr * batch / 256, weight_decay=1e-4)
    return Optimiser(kind="adamw", lr=1e-3, weight_decay=1e-2)


def _views(
    name: str, size: tuple[int, ...], upright: bool, places: bool, words: bool
) -> DistortedViewSettings:
    """Describe the views: in ``di`` they are changed in appearance alone.

    Crops of pictures that show a visual word are smaller, so that there are places to tell apart,
    and overlap, so that both show it; those of volumes are and do anyway.
    """
    points = POINTS if places else 0
    if len(size) == 2:
        shown = {"share": WORD_SHARE, "overlap": 0.5} if words else {}
        return DistortedViewSettings(
            size=size,
            crops=CropSettings(flip_axes=() if upright else (-1,), **shown),
            distortion=None if name == "di" else PictureDistortion(),
            points=points,
        )
    return DistortedViewSettings(
        size=size,
        crops=CropSettings(
            of="view",
            share=(0.6, 1.4),
            aspect=1.2,
            overlap=0.5,
            flip_axes=() if upright else VOLUME_FLIPS,
            flip_probability=0.4,
        ),
        appearance=AppearanceSettings(blur_sigma=1.0),
        distortion=None if name == "di" else VolumeDistortion(),
        points=points,
    )


def _objectives(
    name: str, scale: Scale, discrimination: Discrimination, places: bool
) -> tuple[ObjectiveSettings, ...]:
    found: list[ObjectiveSettings] = []
    if places:
        found += [DenseDiscriminationSettings(), DenseMatchingSettings()]
    if name != "res":
        found.append(_discrimination(scale.heads, discrimination))
    if name != "di":
        found.append(RestorationSettings())
    if name == "dira":
        first = scale.adversary
        found.append(AdversarialSettings(widths=(first, 2 * first, 4 * first, 8 * first)))
    return tuple(found)


def _discrimination(share: float, kind: Discrimination) -> ObjectiveSettings:
    """Choose heads that fit the width of the net: those of the paper are for 2048 channels.

    Short trainings on few images have a shorter queue, and keys that follow faster.
    """

    def part(width: int) -> int:
        return max(32, round(width * share))

    if kind == "moco":
        if share == 1:
            return MocoSettings()
        return MocoSettings(queue=part(16_384), hidden=part(2048), channels=64, momentum=0.99)
    if kind == "barlow":
        return BarlowTwinsSettings(channels=part(8192 if share == 1 else 2048))
    if kind == "words":
        return VisualWordsSettings()
    return SimsiamSettings(channels=part(2048), bottleneck=part(512))
