"""Join what two people did to the same images, or to different ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from medssl.cohort.copying import copy_image
from medssl.cohort.found_ids import Ids, read_ids
from medssl.cohort.parts.joining import Content
from medssl.cohort.readings import Conflict
from medssl.cohort.records import CaseRecord, NewCase
from medssl.cohort.store import Cohort
from medssl.errors import SettingsError


@dataclass
class Merged:
    """What became of another cohort.

    Parameters
    ----------
    cases
        Keys of the cases that are new.
    matched
        Number of cases that both have.
    renamed
        Cases whose key was taken by another image: their key there and here.
    taken, same, predictions
        Number of a person's points, labels and segmentations taken, of those that were here
        already, and of predictions taken.
    conflicts
        Where two people said something else; both are kept.
    notes
        What a person should know.
    """

    cases: list[str] = field(default_factory=list)
    matched: int = 0
    renamed: list[tuple[str, str]] = field(default_factory=list)
    taken: int = 0
    same: int = 0
    predictions: int = 0
    conflicts: tuple[Conflict, ...] = ()
    notes: list[str] = field(default_factory=list)


def merge_cohorts(cohort: Cohort, other: Cohort) -> Merged:
    """Take into a cohort all that another one holds; the other stays as it is.

    Images of the same content are one case, landmarks of one name one landmark. What a person
    said follows the rule of `medssl.cohort.readings`: nothing here is replaced, nothing from
    there is lost. Of two predictions the later one stays. Merging again changes nothing.

    Raises
    ------
    SettingsError
        If both are the same cohort.
    StorageError
        If the cohort cannot be written.
    """
    if cohort.path.resolve() == other.path.resolve():
        raise SettingsError(f"{cohort.path}: a cohort is not merged with itself. Name another.")
    result = Merged()
    keys, new, codes = _match(cohort, other, result)
    _compare_landmarks(cohort, other, result)
    origin = other.path.stem
    segmentations = other.segmentations(kind="all")
    for one in segmentations:
        if not one.file.is_file():
            result.notes.append(f"the file of {one.name} in {one.case_key} is gone: left out")
    seconds = other.alternatives()
    waiting = sum(one.what == "segmentations" for one in seconds)
    if waiting:
        result.notes.append(
            f"{waiting} second readings of segmentations stay in {origin}: decide on them there"
        )
    joined = cohort.join(
        Content(
            origin, new, codes, keys, other.landmarks(), other.points(kind="all"),
            other.labels(kind="all"), segmentations, seconds, other.runs(),
            other.corrections(),
        )
    )  # fmt: skip
    result.taken, result.same = joined.taken, joined.same
    result.predictions, result.conflicts = joined.predictions, joined.conflicts
    return result


def _match(
    cohort: Cohort, other: Cohort, result: Merged
) -> tuple[dict[str, str], list[NewCase], dict[str, tuple[str, str]]]:
    """Find the other's cases here by their content; those that are not here become new ones."""
    ours = cohort.cases()
    by_content: dict[str, list[str]] = {}
    for case in ours:
        by_content.setdefault(case.fingerprint, []).append(case.key)
    taken = {case.key for case in ours}
    names = {case.name for case in ours}
    keys: dict[str, str] = {}
    new: list[NewCase] = []
    codes: dict[str, tuple[str, str]] = {}
    for case in other.cases():
        found = by_content.get(case.fingerprint)
        if found:
            keys[case.key] = case.key if case.key in found else found[0]
            result.matched += 1
            continue
        key = _free(case.key, other.path.stem, taken)
        if key != case.key:
            result.renamed.append((case.key, key))
        taken.add(key)
        keys[case.key] = key
        by_content[case.fingerprint] = [key]
        new.append(_as_new(cohort, case, key, names))
        if not new[-1].patient_id and (case.patient or case.study):
            codes[key] = (case.patient, case.study)
        result.cases.append(key)
    return keys, new, codes


def _as_new(cohort: Cohort, case: CaseRecord, key: str, names: set[str]) -> NewCase:
    source = case.source()
    there = all(file.is_file() for file in source.files)
    ids = read_ids(source) if there else Ids()
    if case.copied and there:
        source = copy_image(cohort.path, source, case.fingerprint)
    name = key
    if case.name != case.key:
        code = cohort.patient_code(ids.patient)
        name = case.name.replace(case.patient, code) if case.patient and code else case.name
        name = _free(name, "", names)
    names.add(name)
    return NewCase(
        key, source.path, case.fingerprint, case.grid, case.modality, name, source.files,
        source.number, ids.patient, ids.study, case.flags,
    )  # fmt: skip


def _free(wanted: str, origin: str, taken: set[str]) -> str:
    free, number = wanted, 1
    while free in taken:
        free = f"{origin}/{wanted}" if origin else wanted
        free += f" ({number})" if number > 1 or not origin else ""
        number += 1
    return free


def _compare_landmarks(cohort: Cohort, other: Cohort, result: Merged) -> None:
    here = {landmark.name: landmark for landmark in cohort.landmarks()}
    for landmark in other.landmarks():
        ours = here.get(landmark.name)
        if ours and landmark.text and ours.text != landmark.text:
            result.notes.append(
                f"landmark {landmark.name!r} is defined differently in {other.path.stem}: "
                f"{landmark.text!r}; the definition here stays"
            )
        if ours and landmark.side and ours.side != landmark.side:
            result.notes.append(
                f"landmark {landmark.name!r} is {landmark.side} in {other.path.stem}, "
                f"here {ours.side or 'of no side'}"
            )
