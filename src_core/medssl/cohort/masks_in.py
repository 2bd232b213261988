"""Segmentations from a folder of masks, each with the name of its image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from medssl.cohort.errors import CohortError
from medssl.cohort.exchange import file_stem, target_of
from medssl.cohort.readings import Conflict
from medssl.cohort.records import CaseRecord
from medssl.cohort.store import Cohort
from medssl.errors import FileRefusedError, GeometryError, SettingsError
from medssl.io.exchange_masks import read_segmentation, renamed
from medssl.io.formats import extension, format_from_name
from medssl.io.seg_nrrd import ENDING
from medssl.io.segmentation import Segmentation
from medssl.progress import Progress, silent

BETWEEN = "__"
WHOLE = "mask"


@dataclass(frozen=True)
class MasksRead:
    """What became of a folder of masks: as `TableRead`, a file in place of a line."""

    taken: int
    same: int
    conflicts: tuple[Conflict, ...]
    problems: tuple[str, ...]


def add_masks(
    cohort: Cohort, folder: Path, author: str | None = None, progress: Progress = silent
) -> MasksRead:
    """Take the masks ``<image>.<ext>`` and ``<image>__<structure>.<ext>`` of a folder.

    Raises
    ------
    FileRefusedError
        If the folder is not there, or holds no mask of an image of the cohort.
    CohortStorageError, CohortLockedError
        If the cohort cannot be written; what was stored before is kept.
    """
    if not folder.is_dir():
        raise FileRefusedError(folder, "this folder of masks is not there", "Check its name.")
    files = [f for f in sorted(folder.iterdir()) if f.is_file() and format_from_name(f)]
    stems: dict[str, list[CaseRecord]] = {}
    for case in cohort.cases():
        for name in {file_stem(case.path.name), file_stem(case.name)}:
            stems.setdefault(name, []).append(case)
    taken = same = 0
    conflicts: list[Conflict] = []
    problems: list[str] = []
    for number, file in enumerate(files):
        progress(number, len(files), file.name)
        image, between, structure = _stem(file).rpartition(BETWEEN)
        if _stem(file) in stems or not between:
            image, structure = _stem(file), WHOLE
        fitting = stems.get(image, [])
        if len(fitting) != 1:
            what = "fits several images" if fitting else "is no image's of the cohort"
            problems.append(f"{file.name}: its name {what}")
            continue
        try:
            found = read_segmentation(file, target_of(fitting[0]))
            if not isinstance(found, Segmentation):
                problems.append(f"{file.name}: it is no mask, its values are no whole numbers")
                continue
            if structure != WHOLE and not file.name.lower().endswith((ENDING, ".dcm")):
                found = renamed(found, [structure] if len(found.segments) == 1 else [])
            met = cohort.meet_segmentation(fitting[0].key, structure, found, folder.name, author)
        except CohortError:
            raise  # it is the cohort that cannot be written, not the mask that is bad
        except (FileRefusedError, GeometryError, SettingsError) as error:
            problems.append(str(error))
            continue
        taken, same = taken + met.taken, same + met.same
        conflicts += met.conflicts
    if not taken + same + len(conflicts):
        first = f" ({'; '.join(problems[:3])})" if problems else ""
        raise FileRefusedError(
            folder,
            f"it holds no mask of an image of the cohort{first}",
            "A mask has the name of its image, or that name, two underscores and the structure.",
        )
    return MasksRead(taken, same, tuple(conflicts), tuple(problems))


def _stem(path: Path) -> str:
    name = path.name
    ending = ENDING if name.lower().endswith(ENDING) else extension(path)
    return name[: len(name) - len(ending)] if ending else name
