"""What the comparisons of pretrainings take on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.evaluate.transfer import TransferRequest
    from medssl.io import ImageSource

QUICK_MINUTES, MINUTES = 2.5, 8.0

Targets = Annotated[
    Path,
    typer.Argument(
        metavar="LABELS.csv|MASKS",
        help="A table image,label (classification) or a folder of masks (segmentation).",
        show_default=False,
    ),
]
WorkOption = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="Where trainings and cells are kept: the same command goes on where it was.",
    ),
]
MethodsOption = Annotated[
    str | None,
    typer.Option(
        "--methods",
        metavar="A,B,...",
        help="Recipes, each with ablation and schedule after colons: random,ld,dira-moco,"
        "dira-moco:di,dira-barlow:joint. Left out: all of them.",
        show_default=False,
    ),
]
ModelsOption = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME=DIR", help="A model folder to compare beside."),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="COLUMN", help="Column of the class, or of findings 0 and 1."),
]
StructuresOption = Annotated[
    str | None,
    typer.Option(metavar="NAME=PART+PART,...", help="Structures of masks put together."),
]
GroupsOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE.csv", help="image,group: what stays on one side of the split."),
]
MinutesOption = Annotated[
    float | None, typer.Option("--minutes", help="Length of each pretraining.", min=0.05)
]
StepsOption = Annotated[
    int | None,
    typer.Option("--steps", help="The same in steps: independent of the machine.", min=1),
]
FinetuneStepsOption = Annotated[
    int | None, typer.Option(help="Steps of each fine-tuning.", min=2, show_default=False)
]
CropOption = Annotated[
    int | None,
    typer.Option(help="Voxels along a side that such a step sees.", min=16, show_default=False),
]
NetOption = Annotated[
    str | None,
    typer.Option(help="resnet18 (of pictures), resnet50, plain (of volumes), vgg."),
]
WidthOption = Annotated[
    int | None, typer.Option(help="Of its finest level.", min=4, show_default=False)
]
SideOption = Annotated[
    int, typer.Option(metavar="PIXELS", help="Pictures: longest side of the working grid.", min=32)
]
JsonOption = Annotated[
    Path | None,
    typer.Option("--json", metavar="OUT", help="Write the result here; - for stdout."),
]


def comparison_request(
    methods: str | None, models: list[str] | None, volumes: bool, **values: Any
) -> TransferRequest:
    """Build the request of a comparison from what the command line gave."""
    from medssl.evaluate.transfer import default_methods, make_transfer_request

    chosen = default_methods(volumes)
    if methods is not None:
        chosen = tuple(dict.fromkeys(part.strip() for part in methods.split(",")))
    named: dict[str, str] = {}
    for text in models or ():
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise SettingsError(f"--model {text!r} is not of the form NAME=DIR")
        if name in named:
            raise SettingsError(f"--model: two models have the name {name!r}")
        named[name] = path
    request = make_transfer_request(methods=chosen, models=named, **values)
    _check_starts(request)
    return request


def _check_starts(request: TransferRequest) -> None:
    """Refuse unknown recipes and models before the first training, not after it."""
    from medssl.evaluate.transfer.request import RANDOM, split_method
    from medssl.models import load_model
    from medssl.pretrain import make_settings

    for name in request.methods:
        if name != RANDOM:
            make_settings(**split_method(name))
    for path in request.models.values():
        load_model(path)


def check_targets(targets: Path, label: list[str] | None, structures: str | None) -> None:
    """Refuse options that would do nothing for these targets.

    Raises
    ------
    SettingsError
        If columns are named of a folder of masks, or structures of a table.
    """
    if targets.is_dir() and label:
        raise SettingsError(f"--label names columns of a table; {targets} is a folder of masks")
    if structures and not targets.is_dir():
        raise SettingsError(f"--structures is for a folder of masks; {targets} is none")


def pretrain_minutes(minutes: float | None, steps: int | None, quick: bool) -> float | None:
    """Return the length of each pretraining, where it is not given in steps."""
    if minutes is not None or steps is not None:
        return minutes
    return QUICK_MINUTES if quick else MINUTES


def are_volumes(sources: Sequence[ImageSource]) -> bool:
    """Tell whether the images are volumes."""
    from medssl.embed.dimension import choose_ndim

    return choose_ndim(sources) == 3


def read_groups(path: Path | None, sources: Sequence[ImageSource]) -> dict[str, str] | None:
    """Read which images belong together, by their keys."""
    from medssl.io.naming import find_named
    from medssl.io.tables import table_rows

    if path is None:
        return None
    found = {}
    for _, row in table_rows(path, ("image", "group")):
        source = find_named(row["image"], sources, path)
        if source is not None and row["group"]:
            found[source.key] = row["group"]
    return found
