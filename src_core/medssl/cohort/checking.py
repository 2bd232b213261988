"""Whether all that a cohort refers to is still there, and still the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medssl.cohort.flagging import flags_of_image
from medssl.cohort.places import IMAGES, SEGMENTATIONS
from medssl.cohort.records import CaseRecord, NewCase
from medssl.cohort.segmentation_files import file_fingerprint
from medssl.cohort.store import Cohort
from medssl.io.sources import ImageSource, list_images
from medssl.prepare.cache import ArrayCache
from medssl.prepare.fingerprint import source_fingerprint
from medssl.progress import Progress, silent


@dataclass
class Checked:
    """What was found.

    Parameters
    ----------
    cases
        Number of cases looked at.
    missing
        Keys of cases whose image is not there.
    absent
        The highest folders that are not there, with the number of cases below each: a drive
        that is not connected shows here.
    changed
        Keys of cases whose image is another than before; they are flagged.
    unreadable
        A text for each image that is there and cannot be read.
    moved
        Keys of cases whose image was found again elsewhere.
    segmentations
        A text for each segmentation whose file is gone or damaged.
    unused
        Files of segmentations, and copies of images, that nothing refers to: left by an
        interrupted action.
    database
        What is wrong with the database, in SQLite's words.
    """

    cases: int = 0
    missing: list[str] = field(default_factory=list)
    absent: Counter[Path] = field(default_factory=Counter)
    changed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    segmentations: list[str] = field(default_factory=list)
    unused: list[Path] = field(default_factory=list)
    database: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not (
            self.missing or self.changed or self.unreadable or self.segmentations or self.database
        )


def check_cohort(
    cohort: Cohort,
    repair: Path | None = None,
    progress: Progress = silent,
    cache: ArrayCache | None = None,
) -> Checked:
    """Look at every image and file of a cohort; flag cases whose image has changed.

    Nothing is deleted. With `repair`, images that are not where they were are looked for in that
    folder by their content, and the cases refer to them from then on.

    Raises
    ------
    FileRefusedError
        If `repair` holds no images.
    """
    cache = cache or ArrayCache()
    result = Checked(database=cohort.integrity())
    missing: list[CaseRecord] = []
    cases = cohort.cases()
    result.cases = len(cases)
    for number, case in enumerate(cases):
        progress(number, len(cases), case.name)
        source = case.source()
        try:
            if not all(file.exists() for file in source.files):
                missing.append(case)
            elif source_fingerprint(source, cache) != case.fingerprint:
                result.changed.append(case.key)
        except OSError as error:
            result.unreadable.append(f"{case.name}: {error.strerror or error}")
    cohort.mark_changed(result.changed)
    if repair is not None and missing:
        missing = _repair(cohort, missing, repair, result, progress, cache)
    result.missing = [case.key for case in missing]
    result.absent = Counter(_highest_absent(case.path) for case in missing)
    _check_segmentations(cohort, result)
    _check_copies(cohort, cases, result)
    return result


def accept_changes(
    cohort: Cohort, keys: Sequence[str], cache: ArrayCache | None = None
) -> list[str]:
    """Take the files of flagged cases as they are now; give the names of the cases.

    Raises
    ------
    UnknownEntryError
        If a case is not in the cohort.
    FileRefusedError
        If a file cannot be read.
    """
    cache = cache or ArrayCache()
    names = []
    for key in keys:
        case = cohort.case(key)
        source = case.source()
        image = source.read()
        new = NewCase(
            key, case.path, source_fingerprint(source, cache), image.grid, image.modality,
            flags=flags_of_image(source, image),
        )  # fmt: skip
        cohort.accept_change(new)
        names.append(case.name)
    return names


def _repair(
    cohort: Cohort,
    missing: Sequence[CaseRecord],
    folder: Path,
    result: Checked,
    progress: Progress,
    cache: ArrayCache,
) -> list[CaseRecord]:
    """Find missing images in a folder by their content; give the cases still missing."""
    wanted: dict[str, list[CaseRecord]] = {}
    for case in missing:
        wanted.setdefault(case.fingerprint, []).append(case)
    found: list[tuple[str, ImageSource]] = []
    sources = list_images(folder, progress).sources
    for number, source in enumerate(sources):
        progress(number, len(sources), f"looking at {source.name}")
        try:
            fitting = wanted.pop(source_fingerprint(source, cache), [])
        except OSError as error:
            result.unreadable.append(f"{source.path}: {error.strerror or error}")
            continue
        found += [(case.key, source) for case in fitting]
    cohort.relocate(found)
    result.moved = [key for key, _ in found]
    return [case for case in missing if case.key not in set(result.moved)]


def _highest_absent(path: Path) -> Path:
    absent = path
    for parent in path.parents:
        if parent.exists():
            break
        absent = parent
    return absent


def _check_segmentations(cohort: Cohort, result: Checked) -> None:
    for record in cohort.segmentations(kind="all"):
        name = f"{record.name} in {record.case_key}"
        if not record.file.is_file():
            result.segmentations.append(f"{name}: its file {record.file.name} is gone")
        elif file_fingerprint(record.file) != record.fingerprint:
            result.segmentations.append(f"{name}: its file {record.file.name} was changed")
    used = cohort.segmentation_files()
    files = sorted((cohort.path / SEGMENTATIONS).glob("*"))
    result.unused = [file for file in files if file not in used]


def _check_copies(cohort: Cohort, cases: Sequence[CaseRecord], result: Checked) -> None:
    """Find copies of images whose case was never stored."""
    place = cohort.path / IMAGES
    used = {
        place / case.path.relative_to(place).parts[0]
        for case in cases
        if case.copied and case.path.is_relative_to(place)
    }
    result.unused += [copy for copy in sorted(place.glob("*")) if copy not in used]
