"""``medssl lesions``: labels of whole images teach what is abnormal, maps show where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.bars import working
from medssl.cli.doing import BackgroundFlag, do_or_start
from medssl.cli.images import DeviceOption, Images, find_images, left_out, prepare
from medssl.cli.lesion_options import (
    BaseOption,
    Effort,
    EffortOption,
    Features,
    FeaturesOption,
    LabelOption,
    Labels,
    Maps,
    MethodOption,
    MirrorOption,
    NormalOption,
    Pool,
    PoolingOption,
    SeedOption,
    SlicedOption,
    StepsOption,
    StrideOption,
)
from medssl.cli.output import JsonFlag, out, print_json
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.lesions import LesionSettings
    from medssl.lesions.writing import Embed

lesions = typer.Typer(
    no_args_is_help=True, help="Lesion maps from labels of whole images: normal or abnormal."
)


@lesions.callback()
def _lesions() -> None:
    """Lesion maps from labels of whole images."""


@lesions.command()
def fit(
    images: Images,
    labels: Labels,
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Run folder: nets and scores are in it.")
    ],
    model: BaseOption = "random",
    label: LabelOption = None,
    normal: NormalOption = "normal",
    effort: EffortOption = Effort.QUICK,
    steps: StepsOption = None,
    pooling: PoolingOption = Pool.LOG_SUM_EXP,
    features: FeaturesOption = Features.ENCODER,
    stride: StrideOption = None,
    folds: Annotated[int, typer.Option(help="Nets, each checked on a part of its own.", min=2)] = 4,
    slices: SlicedOption = False,
    mirror: MirrorOption = True,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    background: BackgroundFlag = False,
    json: JsonFlag = False,
) -> None:
    """Learn from labels of whole images to tell and to show lesions."""
    from medssl.jobs import LesionRequest
    from medssl.lesions import read_lesion_labels
    from medssl.lesions.net import trimmed_architecture
    from medssl.lesions.run import open_base_for

    listing = find_images(images)
    columns = tuple(label or ("label",))
    read_lesion_labels(labels, listing.sources, columns, normal)
    base = open_base_for(listing.sources, model, slices)
    settings = make_settings(
        base.architecture.ndim, effort, steps, pooling, features, stride, folds, mirror, device,
        seed,
    )  # fmt: skip
    trimmed_architecture(base.architecture, settings.head)
    request = LesionRequest(
        images=tuple(map(str, images)),
        labels=str(labels),
        columns=columns,
        normal=normal,
        model=_absolute(model),
        sliced=slices,
        settings=settings,
    )
    run = do_or_start(request, folder, "Learning", background, json, listing)
    if run is not None:
        _tell_fit(run, json)


@lesions.command("map")
def map_(
    images: Images,
    model: Annotated[
        Path,
        typer.Option(
            "--model", metavar="DIR", help="What `medssl lesions fit` wrote.", show_default=False
        ),
    ],
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where maps and tables are written.")
    ],
    method: MethodOption = Maps.LAYERCAM,
    threshold: Annotated[
        str,
        typer.Option(
            metavar="otsu|SHARE",
            help="Regions: share of the map's highest value from which a voxel belongs to one; "
            "`medssl evaluate lesions` tells the one tuned on masks.",
        ),
    ] = "otsu",
    smoothing: Annotated[
        float, typer.Option(help="Of the map before it is cut, working voxels.", min=0)
    ] = 1.0,
    least: Annotated[
        float,
        typer.Option(
            "--least-probability", help="Of an image; below it no region is told.", min=0, max=1
        ),
    ] = 0.5,
    grow: Annotated[
        str | None,
        typer.Option(
            "--grow",
            metavar="DIR|instant",
            help="Grow regions to what looks alike to this model's dense embedding.",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = "auto",
    json: JsonFlag = False,
) -> None:
    """Say of images whether they show a lesion, and write maps and regions that show where."""
    from medssl.lesions import RegionSettings
    from medssl.lesions.storage import load_lesion_model
    from medssl.lesions.writing import require_no_findings, write_findings

    require_no_findings(folder)
    settings = RegionSettings(
        threshold=_threshold(threshold), smoothing=smoothing, least_probability=least
    )
    fitted, card = load_lesion_model(model, device)
    fitted.require_method(method.value)
    listing = find_images(images)
    prepared = prepare(listing.sources, card.input)
    embed = _embedder(grow, card.input.ndim, device) if grow is not None else None
    with working("Mapping") as report:
        told = write_findings(folder, prepared.cases, fitted, method.value, settings, embed, report)
    if json:
        result = {
            "folder": folder,
            "method": method.value,
            "questions": card.questions,
            "images": len(prepared.cases),
            "warnings": [*listing.notes, *prepared.warnings],
            "left_out": left_out(listing, prepared),
            "notice": card.notice,
        }
        print_json(result | told)
        return
    count = "1 image" if len(prepared.cases) == 1 else f"{len(prepared.cases)} images"
    _tell(f"{count}, {told['regions']} regions: {folder}. Not for diagnosis.")


def make_settings(
    ndim: int,
    effort: Effort,
    steps: int | None,
    pooling: Pool,
    features: Features,
    stride: int | None,
    folds: int,
    mirror: bool,
    device: str,
    seed: int,
) -> LesionSettings:
    """Build the settings of a fit from what the command line gave."""
    from medssl.lesions import LesionSettings

    preset = LesionSettings.preset(effort.value, 3 if ndim == 3 else 2, mirror, device, seed)
    head = preset.head.model_copy(
        update={
            "pooling": pooling.value,
            "features": features.value,
            "stride": preset.head.stride if stride is None else stride,
        }
    )
    learning = preset.learning
    if steps is not None:
        learning = learning.model_copy(update={"steps": steps})
    return preset.model_copy(update={"head": head, "learning": learning, "folds": folds})


def _absolute(model: str) -> str:
    """Make the path of a model absolute: a job runs in another folder."""
    from medssl.lesions.base import RANDOM

    if model == RANDOM:
        return model
    begin = f"{RANDOM}:" if model.startswith(f"{RANDOM}:") else ""
    return begin + str(Path(model.removeprefix(begin)).expanduser().absolute())


def _threshold(text: str) -> Any:
    from medssl.lesions.regions import OTSU

    if text == OTSU:
        return text
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise SettingsError(f"--threshold {text!r} is neither otsu nor a share above 0, up to 1")
    return value


def _embedder(model: str, ndim: int, device: str) -> Embed:
    """Return what embeds a case on the working grid that the maps have."""
    from medssl.embed import open_embedder

    opened = open_embedder(model, ndim=ndim, device=device)
    return lambda case: (opened.embed(case.array), opened.stride)


def _tell_fit(run: Path, json: bool) -> None:
    from medssl.lesions.storage import SUBFOLDER, load_card

    card = load_card(run)
    if json:
        print_json({"folder": run, "scores": run / SUBFOLDER / "scores.csv"} | card.model_dump())
        return
    start = "random weights"
    if card.transferred:
        start = f"{card.transferred} tensors of {card.base['folder']}"
    learned = ", ".join(f"{count} {kind}" for kind, count in card.learned_from.items())
    checked = card.held_out[card.questions[0]]
    auc, score, base = (checked[one] for one in ("auc", "brier", "brier_of_base_rate"))
    _tell(
        f"{len(card.steps)} nets learned from {learned} in {card.seconds:.0f} s, beginning with "
        f"{start}. On images that a net had not learned from: AUC {auc:.3f}, Brier score "
        f"{score:.3f} (always telling the base rate: {base:.3f}). Folder: {run}. "
        "Not for diagnosis."
    )


def _tell(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
