"""Which case a table means by a name."""

from __future__ import annotations

from collections.abc import Iterable

from medssl.cohort.records import CaseRecord


class CaseNames:
    """Finds cases by key, shown name, or the name of their file.

    Parameters
    ----------
    cases
        The cases.
    """

    def __init__(self, cases: Iterable[CaseRecord]) -> None:
        self._exact: dict[str, CaseRecord] = {}
        self._files: dict[str, list[CaseRecord]] = {}
        for case in cases:
            self._exact.setdefault(case.name, case)
            self._files.setdefault(case.path.name, []).append(case)
            self._exact[case.key] = case

    def find(self, name: str) -> CaseRecord | str:
        """Give the case, or in words why there is none."""
        if name in self._exact:
            return self._exact[name]
        fitting = self._files.get(name.replace("\\", "/").rpartition("/")[2], [])
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            shown = ", ".join(case.name for case in fitting[:3])
            return f"{name} fits several cases ({shown}): write the name of the case"
        return f"the cohort has no image {name!r}"
