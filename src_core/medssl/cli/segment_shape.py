"""``medssl segment shape``: structures from masks of the shape that belong to no image."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.doing import BackgroundFlag, do_or_start
from medssl.cli.finetune import SeedOption
from medssl.cli.images import DeviceOption, Images, find_images
from medssl.cli.output import JsonFlag, out, print_json

PriorOption = Annotated[
    Path,
    typer.Option(
        "--prior",
        metavar="DIR",
        help="Masks of the shape: of other images, even of another modality.",
        show_default=False,
    ),
]
PriorLabelOption = Annotated[
    str | None,
    typer.Option(
        "--prior-label",
        metavar="VALUE|NAME",
        help="Which is the shape, where the masks have several values, or files several names "
        "after two underscores.",
    ),
]
FieldsOption = Annotated[
    Path | None,
    typer.Option(
        "--fields",
        metavar="DIR",
        help="Masks of the field of view, named as the images. Left out: it is found.",
    ),
]
RoundsOption = Annotated[
    int,
    typer.Option(help="Rounds of refinement; 0: none.", min=0, max=5),
]
SideOption = Annotated[
    int,
    typer.Option("--side", help="Pictures: pixels along the longest side to work at.", min=32),
]
RegionsOption = Annotated[
    bool,
    typer.Option(help="Learn stage 2 of local discrimination beside."),
]


class Effort(StrEnum):
    """Named settings."""

    QUICK = "quick"
    STANDARD = "standard"


class Colour(StrEnum):
    """What is looked at of colour images."""

    GREY = "grey"
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Polarity(StrEnum):
    """How the shape differs from its surroundings."""

    AUTO = "auto"
    DARK = "dark"
    BRIGHT = "bright"
    EITHER = "either"


PolarityOption = Annotated[
    Polarity,
    typer.Option(help="How the shape differs from its surroundings. auto: looked for."),
]
EffortOption = Annotated[Effort, typer.Option(help="Named settings.")]
ColourOption = Annotated[Colour, typer.Option(help="Of colour images, what is looked at.")]
StepsOption = Annotated[
    int | None,
    typer.Option(
        help="Steps against the adversary and of each round of refinement. Left out: the effort's.",
        min=4,
        show_default=False,
    ),
]


def shape(
    images: Images,
    prior: PriorOption,
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Run folder: net and masks are in it.")
    ],
    label: PriorLabelOption = None,
    fields: FieldsOption = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="DIR|random",
            help="Model whose encoder and decoder the first stage begins with, or random weights.",
        ),
    ] = "random",
    effort: EffortOption = Effort.QUICK,
    steps: StepsOption = None,
    rounds: RoundsOption = 1,
    side: SideOption = 512,
    colour: ColourOption = Colour.GREEN,
    polarity: PolarityOption = Polarity.AUTO,
    regions: RegionsOption = False,
    upright: Annotated[bool, typer.Option(help="The images have a known way up.")] = False,
    background: BackgroundFlag = False,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    json: JsonFlag = False,
) -> None:
    """Segment a shape in unlabelled images, from masks of it in other images."""
    from medssl.embed.dimension import choose_ndim
    from medssl.jobs import ShapeRequest
    from medssl.segment.shape_guided import ShapeSettings
    from medssl.transfer.predictions import MASKS_NAME, SIZES_NAME

    listing = find_images(images)
    given = {} if steps is None else {"steps": steps, "refine_steps": steps}
    settings = ShapeSettings.preset(
        effort.value,
        3 if choose_ndim(listing.sources) == 3 else 2,
        **given,
        rounds=rounds,
        longest_side=side,
        colour=colour.value,
        polarity=polarity.value,
        regions=regions,
        upright=upright,
        device=device,
        seed=seed,
    )
    request = ShapeRequest(
        images=tuple(map(str, images)),
        prior=str(prior),
        label=label,
        fields=str(fields) if fields is not None else None,
        model=model if model == "random" else str(Path(model).expanduser().absolute()),
        settings=settings,
    )
    path = do_or_start(request, folder, "Learning the shape", background, json, listing)
    if path is None:
        return
    if json:
        print_json({"run": path, "shape": path / SIZES_NAME, "predicted": path / MASKS_NAME})
        return
    out.print(f"Masks: {path / MASKS_NAME}. Not for diagnosis.", markup=False, soft_wrap=True)
