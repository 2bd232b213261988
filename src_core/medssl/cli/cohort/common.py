"""Arguments of the cohort's verbs, and what they tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.bars import working
from medssl.cli.images import tell_problems
from medssl.cli.output import out, say
from medssl.errors import FileRefusedError

if TYPE_CHECKING:
    from medssl.cohort import Cohort, Conflict
    from medssl.cohort.adding import Added

CohortFolder = Annotated[
    Path, typer.Argument(metavar="COHORT", help="Folder of a cohort.", show_default=False)
]
SomeImages = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[IMAGES]...",
        help="Folders, DICOM trees, files, .txt lists, or a .csv with a column image.",
        show_default=False,
        readable=False,  # what may not be read is named and left out
    ),
]
CopyFlag = Annotated[bool, typer.Option("--copy", help="Copy the images into the cohort's folder.")]
SHOWN = 20


def open_cohort(folder: Path) -> Cohort:
    """Open a cohort; ``.medssl`` may be left out of its name. What it has to say is told."""
    from medssl.cohort import SUFFIX, Cohort

    if not folder.exists():
        complete = folder.with_name(folder.name + SUFFIX)
        folder = complete if complete.is_dir() else folder
    return Cohort.open(folder)


def add_and_tell(cohort: Cohort, images: Sequence[Path], copy: bool) -> Added:
    """Add images, and tell on stderr what was left out and what is odd."""
    from medssl.cohort.adding import add_images

    with working("Adding images") as report:
        added = add_images(cohort, images, copy, report)
    tell_problems(added.problems)
    for note in added.notes:
        say(note)
    used = added.known + len(added.added) + len(added.moved) + len(added.changed)
    if added.problems and not used + len(added.duplicates):
        raise FileRefusedError(
            images[0],
            f"none of its {len(added.problems)} images can be read",
            "See the reasons above",
        )
    for path, key in added.duplicates:
        say(f"left out: {path}: the same image as {key}")
    for key in added.changed:
        say(f"{key}: the file is another than before; what was said about it stays")
    for key in added.moved:
        say(f"{key}: found again under another path")
    for name in added.burnt_in:
        say(f"{name}: text is burnt into its pixels, says its header: it may name the patient")
    for name in added.text_seen:
        say(f"{name}: there seems to be text in its pixels: look whether it names the patient")
    if added.patients:
        count = len(added.patients)
        who = "1 patient has" if count == 1 else f"{count} patients have"
        say(f"{who} other images in the cohort already: keep them together in comparisons")
    return added


def described(added: Added) -> dict[str, Any]:
    """Give what became of images as plain values."""
    return {
        "added": added.added,
        "known": added.known,
        "moved": added.moved,
        "changed": added.changed,
        "duplicates": [{"path": path, "same_as": key} for path, key in added.duplicates],
        "burnt_in_text": added.burnt_in,
        "text_seen": added.text_seen,
        "patients_known_before": sorted(added.patients),
        "left_out": [{"path": p.path, "message": p.message} for p in added.problems],
        "notes": added.notes,
    }


def tell_conflicts(conflicts: Sequence[Conflict]) -> None:
    """Tell on stderr where two people said something else."""
    for conflict in conflicts[:SHOWN]:
        say(conflict.text)
    if len(conflicts) > SHOWN:
        say(f"... and {len(conflicts) - SHOWN} more")
    if conflicts:
        say("Both are kept: the cohort's holds, the other waits as a second reading.")


def conflict_values(conflicts: Sequence[Conflict]) -> list[dict[str, Any]]:
    """Give conflicts as plain values."""
    return [dict(conflict._asdict()) for conflict in conflicts]


def counted(count: int, what: str) -> str:
    """Give ``1 case``, ``2 cases``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def show(text: str) -> None:
    """Write a line to stdout."""
    out.print(text, markup=False, soft_wrap=True)
