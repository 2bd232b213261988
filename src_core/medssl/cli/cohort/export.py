"""``medssl cohort export``: results of a cohort in the formats of the clinic."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.cohort.common import CohortFolder, counted, open_cohort, show
from medssl.cli.kinds import ENDINGS, Kind
from medssl.cli.output import JsonFlag, print_json, say
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.cohort.rows import Which


class To(StrEnum):
    """What to export."""

    CSV = "csv"
    LABELS = "labels"
    MARKUPS = "mrk.json"
    REPORT = "sr"
    NIFTI = "nifti"
    NRRD = "nrrd"
    SLICER = "seg.nrrd"
    SEGMENTATION = "seg"


WHAT = {To.CSV: "point", To.MARKUPS: "point", To.REPORT: "point", To.LABELS: "label"}


def export(
    folder: CohortFolder,
    to: Annotated[
        To,
        typer.Option(
            "--to",
            help="Points: csv, mrk.json, sr. Labels: labels. Masks: nifti, nrrd, seg.nrrd, seg.",
            show_default=False,
        ),
    ],
    place: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="PATH",
            help="A .csv for csv and labels, else a folder: a file each case.",
            show_default=False,
        ),
    ],
    by_person: Annotated[
        bool, typer.Option("--by-person", help="Only what a person has set, no predictions.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of that name.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Export points, labels or masks, each on its image's own grid."""
    from medssl.cohort import exporting

    table = to in (To.CSV, To.LABELS)
    if table and place.suffix.lower() != ".csv":
        raise SettingsError(f"--out {place}: {to.value} is one table. The name must end in .csv")
    which: Which = "human" if by_person else "effective"
    with open_cohort(folder) as cohort, working("Exporting") as report:
        if to is To.CSV:
            done = exporting.export_points_table(cohort, place, which, overwrite)
        elif to is To.LABELS:
            done = exporting.export_labels(cohort, place, which, overwrite)
        else:
            points = to in WHAT
            write = exporting.export_points if points else exporting.export_segmentations
            ending = ENDINGS[Kind(to.value)]
            done = write(cohort, place, to.value, ending, which, overwrite, report)
    for problem in done.problems:
        say(f"left out: {problem}")
    if json:
        print_json({"files": done.files, "count": done.count, "left_out": done.problems})
        return
    what = counted(done.count, WHAT.get(to, "mask"))
    where = place if table else f"{counted(len(done.files), 'file')} in {place}"
    show(f"{what} written to {where}")
