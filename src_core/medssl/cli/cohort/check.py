"""``medssl cohort check``: whether all that a cohort refers to is there and the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.bars import working
from medssl.cli.cohort.common import SHOWN, CohortFolder, counted, open_cohort, show
from medssl.cli.output import JsonFlag, print_json, say

if TYPE_CHECKING:
    from medssl.cohort.checking import Checked

REFUSED = 2


def check(
    folder: CohortFolder,
    repair: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Look here for images that were moved.", show_default=False
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="CASE", help="Take a changed image as it is now.", show_default=False),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Look at every image and file of a cohort; exit code 2 if something is wrong."""
    from medssl.cohort.checking import accept_changes, check_cohort
    from medssl.cohort.naming import CaseNames
    from medssl.errors import SettingsError

    with open_cohort(folder) as cohort:
        names = CaseNames(cohort.cases())
        keys = []
        for name in accept or ():
            case = names.find(name)
            if isinstance(case, str):
                raise SettingsError(f"--accept: {case}")
            keys.append(case.key)
        accepted = accept_changes(cohort, keys)
        with working("Checking") as report:
            found = check_cohort(cohort, repair, report)
        shown = {case.key: case.name for case in cohort.cases()}
    result = _plain(found, accepted, shown)
    if json:
        print_json(result)
    else:
        _tell(result)
        show(
            f"{counted(found.cases, 'case')}: all is well"
            if found.is_well
            else f"{counted(found.cases, 'case')}: see above"
        )
    if not found.is_well:
        raise typer.Exit(REFUSED)


def _plain(found: Checked, accepted: list[str], shown: dict[str, str]) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "missing": [shown[key] for key in found.missing],
        "absent": {str(place): count for place, count in found.absent.items()},
        "changed": [shown[key] for key in found.changed],
        "accepted": accepted,
        "moved": [shown[key] for key in found.moved],
        "unreadable": found.unreadable,
        "segmentations": found.segmentations,
        "unused": found.unused,
        "database": found.database,
    }


def _tell(result: dict[str, Any]) -> None:
    for place, count in result["absent"].items():
        say(
            f"{place} is not there ({counted(count, 'case')}). Connect the drive, or look for "
            "the images with --repair FOLDER; what was said about them is kept"
        )
    _listed(result["missing"], "its image is not there")
    _listed(result["changed"], "its image has changed: look at it, then use --accept")
    _listed(result["moved"], "found again")
    _listed(result["accepted"], "taken as it is now")
    for text in (*result["unreadable"], *result["segmentations"], *result["database"]):
        say(text)
    if result["unused"]:
        count = counted(len(result["unused"]), "file")
        places = ", ".join(sorted({path.parent.name for path in result["unused"]}))
        say(f"{count} left in {places} by an interrupted action; nothing refers to them")


def _listed(names: list[str], what: str) -> None:
    for name in names[:SHOWN]:
        say(f"{name}: {what}")
    if len(names) > SHOWN:
        say(f"... and {len(names) - SHOWN} more: {what}")
