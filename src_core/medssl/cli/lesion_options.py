"""Options of the verbs about lesions."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Labels = Annotated[
    Path,
    typer.Argument(
        metavar="LABELS.csv",
        help="Columns image,label. An empty label is none: such an image teaches nothing.",
        show_default=False,
    ),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="COLUMN",
        help="Column of the class, or of a finding of 0 and 1; several for several findings.",
    ),
]
NormalOption = Annotated[
    str, typer.Option("--normal", metavar="VALUE", help="The class of images without lesion.")
]
BaseOption = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="DIR|random|random:DIR",
        help="Model folder or run folder to begin with; 'random' is a small net that knows "
        "nothing, 'random:DIR' the net of a model without what it has learned.",
    ),
]
SlicedOption = Annotated[
    bool,
    typer.Option(
        "--slices/--whole",
        help="random: volumes slice by slice, with attention over the slices. A 2-D model takes "
        "them so in any case.",
    ),
]
MirrorOption = Annotated[
    bool,
    typer.Option(help="A mirrored image (left-right) is as normal or abnormal as it was."),
]
SeedOption = Annotated[int, typer.Option(help="Seed of everything random.", min=0)]


class Effort(StrEnum):
    """Named settings."""

    QUICK = "quick"
    STANDARD = "standard"


class Pool(StrEnum):
    """How places become one answer."""

    AVERAGE = "average"
    LOG_SUM_EXP = "log-sum-exp"
    ATTENTION = "attention"


class Maps(StrEnum):
    """How maps are made."""

    LAYERCAM = "layercam"
    CAM = "cam"
    GRAD_CAM = "grad-cam"
    GRAD_CAM_PP = "grad-cam++"
    HIRESCAM = "hirescam"
    ATTENTION = "attention"


class Features(StrEnum):
    """Whose map is classified."""

    ENCODER = "encoder"
    DECODER = "decoder"


EffortOption = Annotated[Effort, typer.Option(help="Named settings.")]
StepsOption = Annotated[
    int | None,
    typer.Option(help="Steps of each net. Left out: the effort's.", min=2, show_default=False),
]
PoolingOption = Annotated[
    Pool, typer.Option(help="How places become one answer: mean, smooth maximum, attention.")
]
FeaturesOption = Annotated[Features, typer.Option(help="Whose map is classified place by place.")]
StrideOption = Annotated[
    int | None,
    typer.Option(
        help="Working voxels a place of that map. Left out: 8, of volumes 4.",
        min=1,
        show_default=False,
    ),
]
MethodOption = Annotated[Maps, typer.Option("--method", help="How maps are made.")]
