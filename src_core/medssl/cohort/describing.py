"""What a cohort is told of a new image: whose it is, as a code, and a name that does not tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medssl.cohort.found_ids import read_ids
from medssl.cohort.records import CaseRecord, NewCase
from medssl.cohort.store import Cohort
from medssl.geometry import Grid
from medssl.io.sources import ImageSource


class Describer:
    """Describes new images of one cohort.

    Parameters
    ----------
    cohort
        The cohort.
    cases
        Its cases.

    Attributes
    ----------
    patients
        Codes of patients who had images in the cohort before and have new ones now.
    """

    def __init__(self, cohort: Cohort, cases: Sequence[CaseRecord]) -> None:
        self.patients: set[str] = set()
        self._cohort = cohort
        self._names = {case.name for case in cases}
        self._known = {case.patient for case in cases} - {""}

    def describe(
        self,
        source: ImageSource,
        key: str,
        fingerprint: str,
        grid: Grid,
        modality: str,
        ids: tuple[str, str] | None = None,
    ) -> NewCase:
        """Make a new case of a source; `ids` of patient and study win over those in its header."""
        found = read_ids(source)
        patient, study = ids or ("", "")
        patient, study = patient or found.patient, study or found.study
        code = self._cohort.patient_code(patient)
        if code in self._known:
            self.patients.add(code)
        name = key
        if found.names_patient:
            name = self._shown(code, found.hidden(source.name) or modality or "image")
        self._names.add(name)
        return NewCase(
            key, source.path, fingerprint, grid, modality, name, source.files, source.number,
            patient, study,
        )  # fmt: skip

    def _shown(self, code: str, wanted: str) -> str:
        """Choose a name that tells the image apart and not the patient."""
        wanted = f"{code} {wanted}".strip()
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted} ({number})"
        return name


def place_of(source: ImageSource) -> tuple[str, tuple[str, ...], int | None]:
    """Give where an image lies, so that two sources of the same place are equal."""
    files = tuple(str(file.absolute()) for file in source.files or (source.path,))
    return str(source.path.absolute()), files, source.number


def bring_up_to_date(
    cohort: Cohort, images: Sequence[tuple[ImageSource, str, Grid, str]]
) -> dict[str, str]:
    """Add images that were listed together, under their own keys; give the shown names by key.

    Parameters
    ----------
    cohort
        The cohort.
    images
        Source, fingerprint, geometry and modality of each. What is known already is left alone.
    """
    cases = {case.key: case for case in cohort.cases()}
    describer = Describer(cohort, list(cases.values()))
    new = []
    for source, fingerprint, grid, modality in images:
        known = cases.get(source.key)
        if known is None or known.fingerprint != fingerprint:
            new.append(describer.describe(source, source.key, fingerprint, grid, modality))
        elif place_of(known.source()) != place_of(source):
            path = Path(source.path)
            new.append(
                NewCase(
                    source.key, path, fingerprint, grid, modality,
                    files=source.files, number=source.number,
                )
            )  # fmt: skip
    if new:
        cohort.add_cases(new)
    names = {case.key: case.name for case in cases.values()}
    return names | {one.key: one.name for one in new if one.name}
