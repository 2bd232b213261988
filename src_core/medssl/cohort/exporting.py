"""Results of a cohort in the formats of the clinic, each on its image's own grid."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medssl.cohort.exchange import file_stem, target_of
from medssl.cohort.findings import SegmentationRecord
from medssl.cohort.records import CaseRecord
from medssl.cohort.rows import Which
from medssl.cohort.store import Cohort
from medssl.errors import FileRefusedError, MedsslError, SettingsError
from medssl.io._atomic import refuse_existing, write_text
from medssl.io.exchange_masks import write_segmentation
from medssl.io.exchange_points import write_points
from medssl.io.landmark_csv import ExportPoint, write_landmarks_csv
from medssl.io.measurement import Measurement
from medssl.progress import Progress, silent

BETWEEN = "__"


@dataclass
class Exported:
    """What was written.

    Parameters
    ----------
    files
        The files.
    count
        Number of points, labels or segmentations in them.
    problems
        A text for each case that could not be written.
    """

    files: list[Path] = field(default_factory=list)
    count: int = 0
    problems: list[str] = field(default_factory=list)


def export_points_table(
    cohort: Cohort, path: Path, which: Which = "effective", overwrite: bool = False
) -> Exported:
    """Write all points as one CSV, which `add_points_table` reads back.

    Raises
    ------
    FileRefusedError
        If there is such a file already, or there is no point.
    StorageError
        If it cannot be written.
    """
    refuse_existing(path, overwrite)
    points = [point for _, points in _by_case(cohort, which) for point in points]
    if not points:
        raise _nothing(cohort, "points")
    write_landmarks_csv(path, points)
    return Exported([path], len(points))


def export_points(
    cohort: Cohort,
    folder: Path,
    kind: str,
    ending: str,
    which: Which = "effective",
    overwrite: bool = False,
    progress: Progress = silent,
    measurements: Mapping[str, Sequence[Measurement]] | None = None,
) -> Exported:
    """Write the points of each case as a file of its own: ``mrk.json`` or DICOM ``sr``.

    A report takes `measurements` with it, given by the key of the case.

    Raises
    ------
    FileRefusedError
        If there is no point, or not one case could be written.
    """
    work = _FileEach(folder, ending)
    cases = list(_by_case(cohort, which))
    measured = measurements or {}
    if not cases:
        raise _nothing(cohort, "points")
    for number, (case, points) in enumerate(cases):
        progress(number, len(cases), case.name)

        def write(path: Path, case: CaseRecord = case, points: list[ExportPoint] = points) -> None:
            found = measured.get(case.key, ())
            write_points(path, points, target_of(case), kind, found, overwrite=overwrite)

        work.write(file_stem(case.name), len(points), write)
    return work.done(cohort)


def export_segmentations(
    cohort: Cohort,
    folder: Path,
    kind: str,
    ending: str,
    which: Which = "effective",
    overwrite: bool = False,
    progress: Progress = silent,
) -> Exported:
    """Write each segmentation as ``<case>__<name>``: ``nifti``, ``nrrd``, ``seg.nrrd``, ``seg``.

    Raises
    ------
    FileRefusedError
        If there is no segmentation, or not one could be written.
    """
    work = _FileEach(folder, ending)
    records = cohort.segmentations(kind=which)
    if not records:
        raise _nothing(cohort, "segmentations")
    cases = {case.key: case for case in cohort.cases()}
    for number, record in enumerate(records):
        case = cases[record.case_key]
        progress(number, len(records), case.name)

        def write(path: Path, record: SegmentationRecord = record, case: CaseRecord = case) -> None:
            found = cohort.read_segmentation(record)
            model = record.model or ("a model" if record.source == "predicted" else "")
            write_segmentation(path, found, target_of(case), kind, model, overwrite)

        work.write(f"{file_stem(case.name)}{BETWEEN}{file_stem(record.name)}", 1, write)
    return work.done(cohort)


def export_labels(
    cohort: Cohort, path: Path, which: Which = "effective", overwrite: bool = False
) -> Exported:
    """Write labels as a CSV: ``image``, then a column a label, which `add_labels_table` reads.

    Raises
    ------
    FileRefusedError
        If there is such a file already, or there is no label.
    StorageError
        If it cannot be written.
    """
    refuse_existing(path, overwrite)
    labels = cohort.labels(kind=which)
    if not labels:
        raise _nothing(cohort, "labels")
    columns = sorted({label.name for label in labels})
    said: dict[str, dict[str, str]] = {}
    for label in sorted(labels, key=lambda label: label.kind, reverse=True):
        said.setdefault(label.case_key, {})[label.name] = label.value
    rows = [
        [case.name, *(said[case.key].get(column, "") for column in columns)]
        for case in cohort.cases()
        if case.key in said
    ]
    with write_text(path) as file:
        csv.writer(file, lineterminator="\n").writerows([["image", *columns], *rows])
    return Exported([path], sum(len(found) for found in said.values()))


class _FileEach:
    """Writes one file after another; what cannot be written is told, the others go on."""

    def __init__(self, folder: Path, ending: str) -> None:
        self._folder, self._ending = folder, ending
        self._result = Exported()
        self._taken: set[str] = set()

    def write(self, name: str, count: int, write: Callable[[Path], None]) -> None:
        path = self._folder / f"{self._free(name)}{self._ending}"
        try:
            write(path)
        except (FileRefusedError, SettingsError) as error:
            self._result.problems.append(f"{name}: {error}")
            return
        self._result.files.append(path)
        self._result.count += count

    def done(self, cohort: Cohort) -> Exported:
        if not self._result.files:
            first = "; ".join(self._result.problems[:3])
            raise MedsslError(
                f"{cohort.path}: not one of {len(self._result.problems)} files was written: {first}"
            )
        return self._result

    def _free(self, wanted: str) -> str:
        """Take a file name that no other has."""
        free, number = wanted, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{wanted}_{number}"
        self._taken.add(free.casefold())
        return free


def _by_case(cohort: Cohort, which: Which) -> Iterable[tuple[CaseRecord, list[ExportPoint]]]:
    cases = {case.key: case for case in cohort.cases()}
    texts = {landmark.name: landmark.text for landmark in cohort.landmarks()}
    found: dict[str, list[ExportPoint]] = {}
    for point in cohort.points(kind=which):
        case = cases[point.case_key]
        found.setdefault(point.case_key, []).append(
            ExportPoint(
                case.name, point.landmark, point.point_vox, point.point_world, point.unit,
                point.confidence, point.source, texts[point.landmark], point.author or "",
                point.model or "",
            )
        )  # fmt: skip
    return ((cases[key], points) for key, points in found.items())


def _nothing(cohort: Cohort, what: str) -> FileRefusedError:
    return FileRefusedError(
        cohort.path, f"there are no {what} to export", "See what is there: medssl cohort status."
    )
