"""Add images to a cohort: whole cases only, and the same again changes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from medssl.cohort.copying import copy_image
from medssl.cohort.describing import Describer, place_of
from medssl.cohort.errors import CohortError
from medssl.cohort.flagging import flags_of_image
from medssl.cohort.image_lists import find_given
from medssl.cohort.records import CaseRecord, NewCase
from medssl.cohort.store import Cohort
from medssl.errors import FileRefusedError, GeometryError
from medssl.io.dicom_flags import TEXT_SAID, TEXT_SEEN
from medssl.io.sources import ImageSource, Problem
from medssl.prepare.cache import ArrayCache
from medssl.prepare.fingerprint import source_fingerprint
from medssl.progress import Progress, silent

_BATCH = 32
_SECONDS = 2.0


@dataclass
class Added:
    """What became of images that were to be added.

    Parameters
    ----------
    added
        Keys of the new cases.
    known
        Number of images that were there already.
    moved
        Keys of cases whose image was found again under another path.
    changed
        Keys of cases whose file is another than before.
    duplicates
        Images that are left out, each with the key of the case that has the same content.
    patients
        Codes of patients who had images in the cohort before.
    burnt_in
        Names of new cases with text burnt into the pixels, as their header says.
    text_seen
        Names of new cases whose header says nothing of it, but where text is seen.
    problems, notes
        What could not be used, and what was left out on purpose.
    """

    added: list[str] = field(default_factory=list)
    known: int = 0
    moved: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    duplicates: list[tuple[Path, str]] = field(default_factory=list)
    patients: set[str] = field(default_factory=set)
    burnt_in: list[str] = field(default_factory=list)
    text_seen: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def add_images(
    cohort: Cohort,
    where: Sequence[Path],
    copy: bool = False,
    progress: Progress = silent,
    cache: ArrayCache | None = None,
) -> Added:
    """Add the images of folders, files and tables to a cohort.

    Cases are stored in small groups as it goes on. When it is interrupted, those that are stored
    are whole; adding the same again goes on where it was.

    Parameters
    ----------
    cohort
        The cohort.
    where
        Folders, files, ``.txt`` lists, ``.csv`` tables (`medssl.cohort.image_lists`).
    copy
        Copy the images into the cohort's folder; else they are referred to where they lie.
    progress
        Called for each image; may raise `medssl.errors.Cancelled`.
    cache
        Where fingerprints are remembered; by default the user's cache.

    Raises
    ------
    FileRefusedError
        If there is not one image.
    CohortStorageError, CohortLockedError
        If the cohort cannot be written; what was stored before is kept.
    """
    given = find_given(where, progress)
    work = _Adding(cohort, copy, cache or ArrayCache())
    work.result.problems += given.problems
    work.result.notes = given.notes
    try:
        for number, source in enumerate(given.sources):
            progress(number, len(given.sources), source.name)
            try:
                work.take(source, given.ids.get(source.key))
            except CohortError:
                raise  # it is the cohort that cannot be written, not the image that is bad
            except (FileRefusedError, GeometryError) as error:
                work.result.problems.append(Problem(source.path, str(error)))
            except OSError as error:
                text = f"{source.path}: {error.strerror or error}. Check that it can be read."
                work.result.problems.append(Problem(source.path, text))
            except MemoryError:
                text = f"{source.path}: too large for the memory. Make a smaller copy of it."
                work.result.problems.append(Problem(source.path, text))
        progress(len(given.sources), len(given.sources), "")
    finally:
        work.flush()
    return work.result


class _Adding:
    """The state of one import: what is known of the cohort, and what is not stored yet."""

    def __init__(self, cohort: Cohort, copy: bool, cache: ArrayCache) -> None:
        self.result = Added()
        self._cohort, self._copy, self._cache = cohort, copy, cache
        cases = cohort.cases()
        self._by_place = {place_of(case.source()): case for case in cases}
        self._by_content: dict[str, CaseRecord | NewCase] = {c.fingerprint: c for c in cases}
        self._keys = {case.key for case in cases}
        self._describer = Describer(cohort, cases)
        self.result.patients = self._describer.patients
        self._waiting: list[NewCase] = []
        self._stored = time.monotonic()

    def take(self, source: ImageSource, ids: tuple[str, str] | None) -> None:
        """Decide what a source is, and do what follows."""
        fingerprint = source_fingerprint(source, self._cache)
        known = self._by_place.get(place_of(source))
        twin = self._by_content.get(fingerprint)
        if known is not None and known.fingerprint == fingerprint:
            self.result.known += 1
        elif known is not None:
            new = self._case(source, fingerprint, known.key, ids)
            self._wait(replace(new, name=known.name))
            self.result.changed.append(known.key)
        elif isinstance(twin, CaseRecord) and _is_gone(twin):
            self._cohort.relocate([(twin.key, source)])
            self._by_content[fingerprint] = self._cohort.case(twin.key)
            self.result.moved.append(twin.key)
        elif twin is not None:
            if isinstance(twin, CaseRecord) and twin.copied:
                self.result.known += 1
            else:
                self.result.duplicates.append((source.path, twin.name or twin.key))
        else:
            new = self._case(source, fingerprint, self._free_key(source), ids)
            self._by_content[fingerprint] = new
            self._wait(new)
            self.result.added.append(new.key)

    def flush(self) -> None:
        """Store what is not stored yet."""
        if self._waiting:
            self._cohort.add_cases(self._waiting)
            self._waiting = []
        self._stored = time.monotonic()

    def _wait(self, new: NewCase) -> None:
        self._waiting.append(new)
        if len(self._waiting) >= _BATCH or time.monotonic() - self._stored > _SECONDS:
            self.flush()

    def _case(
        self, source: ImageSource, fingerprint: str, key: str, ids: tuple[str, str] | None
    ) -> NewCase:
        image = source.read()
        new = self._describer.describe(source, key, fingerprint, image.grid, image.modality, ids)
        flags = flags_of_image(source, image)
        new = replace(new, flags=flags)
        self.result.burnt_in += [new.name] if TEXT_SAID in flags else []
        self.result.text_seen += [new.name] if TEXT_SEEN in flags else []
        if not self._copy:
            return new
        copied = copy_image(self._cohort.path, source, fingerprint)
        return replace(new, path=copied.path, files=copied.files, number=copied.number)

    def _free_key(self, source: ImageSource) -> str:
        """Choose a key that no other case has: the source's, or with its folder's name."""
        key, number = source.key, 1
        if key in self._keys:
            inside = Path(key.partition("#")[0])
            depth = len(inside.parts)
            above = source.path.absolute().parents[max(0, depth - 1) :][:1]
            key = f"{above[0].name}/{key}" if above else key
        wanted = key
        while key in self._keys:
            number += 1
            key = f"{wanted} ({number})"
        self._keys.add(key)
        return key


def _is_gone(case: CaseRecord) -> bool:
    return not all(file.exists() for file in case.source().files)
