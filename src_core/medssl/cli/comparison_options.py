"""Options of the comparisons of pretrainings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
