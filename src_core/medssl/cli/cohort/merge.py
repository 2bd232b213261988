"""``medssl cohort merge``: what another cohort holds into this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.cohort.common import (
    CohortFolder,
    conflict_values,
    counted,
    open_cohort,
    show,
    tell_conflicts,
)
from medssl.cli.output import JsonFlag, print_json, say


def merge(
    folder: CohortFolder,
    other: Annotated[
        Path, typer.Argument(metavar="OTHER", help="The other cohort.", show_default=False)
    ],
    json: JsonFlag = False,
) -> None:
    """Take all that OTHER holds into COHORT; nothing is replaced, OTHER stays as it is."""
    from medssl.cohort.merging import merge_cohorts

    with open_cohort(folder) as cohort, open_cohort(other) as second:
        merged = merge_cohorts(cohort, second)
    for there, here in merged.renamed:
        say(f"{there} is another image here: it became {here}")
    for note in merged.notes:
        say(note)
    tell_conflicts(merged.conflicts)
    if json:
        print_json(
            {
                "added": merged.cases,
                "matched": merged.matched,
                "renamed": [{"there": there, "here": here} for there, here in merged.renamed],
                "taken": merged.taken,
                "known": merged.same,
                "predictions": merged.predictions,
                "conflicts": conflict_values(merged.conflicts),
                "notes": merged.notes,
            }
        )
        return
    show(
        f"{counted(len(merged.cases), 'case')} added, {merged.matched} in both; "
        f"{merged.taken} points, labels and masks taken, {merged.same} known before, "
        f"{counted(len(merged.conflicts), 'second reading')} kept"
    )
