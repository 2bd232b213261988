"""``medssl cohort export``: results of a cohort in the formats of the clinic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    from medssl.cohort import Cohort
    from medssl.cohort.rows import Which
    from medssl.io.measurement import Measurement


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
    protocol: Annotated[
        Path | None,
        typer.Option(
            metavar="NAME.protocol",
            help="What to measure between the points (sr).",
            show_default=False,
        ),
    ] = None,
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
    if protocol is not None and to is not To.REPORT:
        raise SettingsError("--protocol is for --to sr: a report takes its measurements with it")
    which: Which = "human" if by_person else "effective"
    with open_cohort(folder) as cohort, working("Exporting") as report:
        if to is To.CSV:
            done = exporting.export_points_table(cohort, place, which, overwrite)
        elif to is To.LABELS:
            done = exporting.export_labels(cohort, place, which, overwrite)
        else:
            about = (cohort, place, to.value, ENDINGS[Kind(to.value)], which, overwrite, report)
            if to in WHAT:
                done = exporting.export_points(*about, _measured(cohort, protocol, by_person))
            else:
                done = exporting.export_segmentations(*about)
    for problem in done.problems:
        say(f"left out: {problem}")
    if json:
        print_json({"files": done.files, "count": done.count, "left_out": done.problems})
        return
    what = counted(done.count, WHAT.get(to, "mask"))
    where = place if table else f"{counted(len(done.files), 'file')} in {place}"
    show(f"{what} written to {where}")


def _measured(
    cohort: Cohort, protocol: Path | None, by_person: bool
) -> Mapping[str, Sequence[Measurement]]:
    """Measure what a protocol asks for; nothing without one."""
    if protocol is None:
        return {}
    from medssl.protocols import open_protocol
    from medssl.protocols.measuring import measurements_by_case

    return measurements_by_case(cohort, open_protocol(protocol), by_person)
