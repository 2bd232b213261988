"""``medssl cohort add``: images, points, labels and masks into a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.bars import working
from medssl.cli.cohort.common import (
    CohortFolder,
    CopyFlag,
    SomeImages,
    add_and_tell,
    conflict_values,
    counted,
    described,
    open_cohort,
    show,
    tell_conflicts,
)
from medssl.cli.output import JsonFlag, print_json, say
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.cohort.masks_in import MasksRead
    from medssl.cohort.tables_in import TableRead


def add(
    folder: CohortFolder,
    images: SomeImages = None,
    points: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="Points: image,landmark,x,y[,z].", show_default=False
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Labels: image, and a column for each label.",
            show_default=False,
        ),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Masks with the names of their images: IMAGE.ext, IMAGE__STRUCTURE.ext.",
            show_default=False,
        ),
    ] = None,
    author: Annotated[
        str,
        typer.Option(
            metavar="INITIALS", help="Who set the points, labels or masks.", show_default=False
        ),
    ] = "",
    copy: CopyFlag = False,
    json: JsonFlag = False,
) -> None:
    """Add images, points, labels or masks; what is there already stays as it is."""
    from medssl.cohort.masks_in import add_masks
    from medssl.cohort.tables_in import add_labels_table, add_points_table

    if not (images or points or labels or masks):
        raise SettingsError("there is nothing to add. Name images, --points, --labels or --masks")
    if copy and not images:
        raise SettingsError("--copy changes nothing without IMAGES. Name the images to add")
    if author and not (points or labels or masks):
        raise SettingsError("--author is for --points, --labels and --masks. Name one of them")
    result: dict[str, Any] = {}
    lines = []
    with open_cohort(folder) as cohort:
        if images:
            added = add_and_tell(cohort, images, copy)
            result["images"] = described(added)
            lines.append(f"{counted(len(added.added), 'case')} added, {added.known} known before")
        for what, path, read in (
            ("points", points, add_points_table),
            ("labels", labels, add_labels_table),
        ):
            if path is not None:
                table = read(cohort, path, author or None)
                result[what] = _tell(table, path)
                lines.append(f"{table.taken} {what} added, {table.same} known before")
        if masks is not None:
            with working("Adding masks") as report:
                found = add_masks(cohort, masks, author or None, report)
            result["masks"] = _tell(found, masks)
            lines.append(f"{counted(found.taken, 'mask')} added, {found.same} known before")
    if json:
        print_json(result)
    else:
        show("\n".join(lines))


def _tell(read: TableRead | MasksRead, path: Path) -> dict[str, Any]:
    for problem in read.problems:
        say(f"left out: {path.name}: {problem}")
    tell_conflicts(read.conflicts)
    return {
        "added": read.taken,
        "known": read.same,
        "conflicts": conflict_values(read.conflicts),
        "left_out": read.problems,
    }
