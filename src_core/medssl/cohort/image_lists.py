"""The images that are to be added: folders, files, and tables with one image a line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medssl.cohort.opening import SUFFIX
from medssl.errors import FileRefusedError
from medssl.io.sources import ImageSource, Problem, list_images
from medssl.io.tables import table_rows
from medssl.progress import Progress, silent


@dataclass(frozen=True)
class Given:
    """Images to be added.

    Parameters
    ----------
    sources
        The images.
    ids
        By key of the source: ids of patient and study, where a table gives them.
    problems
        What cannot be used, and why.
    notes
        What was left out on purpose.
    """

    sources: tuple[ImageSource, ...]
    ids: dict[str, tuple[str, str]]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def find_given(where: Sequence[Path], progress: Progress = silent) -> Given:
    """Find the images of folders, files and tables.

    A ``.csv`` has a column ``image`` (a path, relative to the table's folder) and may have
    ``patient`` and ``study``.

    Raises
    ------
    FileRefusedError
        If there is not one image.
    """
    plain: list[Path] = []
    rows: list[tuple[Path, str, str]] = []
    problems: list[Problem] = []
    for path in where:
        if path.suffix.lower() == ".csv":
            rows += _read_table(path, problems)
        else:
            plain.append(path)
    places = [*plain, *(row[0] for row in rows)]
    if not places:
        raise FileRefusedError(
            where[0] if where else Path(),
            "no line of it names an image that is there",
            "Its column `image` must hold paths, relative to the folder of the table.",
        )
    listing = list_images(places[0] if len(places) == 1 else places, progress)
    sources = tuple(one for one in listing.sources if not _is_in_cohort(one.path, places))
    inside = len(listing.sources) - len(sources)
    problems += [_unnameable(one.path) for one in sources if not _is_text(one)]
    sources = tuple(one for one in sources if _is_text(one))
    notes = listing.notes
    if inside:
        notes += (f"left out: {inside} files that lie in the folder of a cohort",)
    said = {path.absolute(): (patient, study) for path, patient, study in rows}
    ids = {}
    for source in sources:
        place = source.path.absolute()
        for parent in (place, *place.parents):
            if parent in said:
                ids[source.key] = said[parent]
                break
    return Given(sources, ids, (*problems, *listing.problems), notes)


def _is_text(source: ImageSource) -> bool:
    """Whether the names can be stored: those of old drives may be in no known alphabet."""
    try:
        for file in (source.path, *source.files):
            str(file).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unnameable(path: Path) -> Problem:
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    problem = f"{shown}: its name is in no alphabet that is known here. Rename it."
    return Problem(Path(shown), problem)


def _is_in_cohort(path: Path, given: Sequence[Path]) -> bool:
    """Whether a file was found below a cohort's folder, which nobody meant to add."""
    ends = {place.absolute() for place in given}
    for parent in path.absolute().parents:
        if parent in ends:
            return False
        if parent.suffix == SUFFIX:
            return True
    return False


def _read_table(path: Path, problems: list[Problem]) -> list[tuple[Path, str, str]]:
    rows = []
    seen: dict[Path, int] = {}
    for line, values in table_rows(path, ("image",)):
        image = path.parent / values["image"]
        if not values["image"]:
            wrong = "names no image"
        elif not image.exists():
            wrong = f"{values['image']} is not there"
        elif image in seen:
            wrong = f"{values['image']} stands in line {seen[image]} already"
        else:
            seen[image] = line
            rows.append((image, values.get("patient", ""), values.get("study", "")))
            continue
        problems.append(Problem(path, f"{path}: line {line}: {wrong}. Correct that line."))
    return rows
