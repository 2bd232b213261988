"""What the report calls a case: codes and names of files, no ids, and no folders unless asked."""

from __future__ import annotations

from collections.abc import Iterable

from medssl.cohort.records import CaseRecord


class ShownCases:
    """Names of cases for a page that leaves the house.

    Parameters
    ----------
    cases
        All cases, in the order of their adding.
    paths
        Whether names may hold folders.
    """

    def __init__(self, cases: Iterable[CaseRecord], paths: bool) -> None:
        self._cases = {case.key: (number, case) for number, case in enumerate(cases, 1)}
        self._paths = paths

    def __getitem__(self, key: str) -> str:
        number, case = self._cases[key]
        plain = case.name if self._paths else case.name.replace("\\", "/").rpartition("/")[2]
        return f"{number}. {plain or 'image'}"

    def record(self, key: str) -> CaseRecord:
        """Give the case itself."""
        return self._cases[key][1]

    def about(self, key: str) -> str:
        """Give the code of the patient and the modality, where they are known."""
        case = self.record(key)
        code = "" if case.patient and case.patient in case.name else case.patient
        return " · ".join(part for part in (code, case.modality) if part)
