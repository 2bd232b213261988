"""Points and labels that come from elsewhere: a table, another annotator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medssl.cohort import journal
from medssl.cohort.findings import NewLabel
from medssl.cohort.lookup import clean_name, find_case, find_landmark, label_row, point_row
from medssl.cohort.parts.corrections import keep_found
from medssl.cohort.parts.part import Part
from medssl.cohort.readings import Conflict, conflict_of, meet
from medssl.cohort.records import NewPoint
from medssl.cohort.segmentation_files import segmentation_row, write_file
from medssl.cohort.tables import LABELS, POINTS, SEGMENTATIONS, Row, Table

if TYPE_CHECKING:
    from medssl.io import Segmentation


@dataclass(frozen=True)
class Met:
    """What became of what came.

    Parameters
    ----------
    taken
        Number that is now the cohort's.
    same
        Number that was there already.
    conflicts
        Where the cohort holds something else; what came is kept as a second reading.
    """

    taken: int
    same: int
    conflicts: tuple[Conflict, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was written, so that undo takes it back."""
        return bool(self.taken or self.conflicts)


class Incoming(Part):
    """What comes from elsewhere never replaces what a person has done here."""

    def meet_points(self, points: Sequence[NewPoint], origin: str) -> Met:
        """Take points of a person from elsewhere, in one action; see `medssl.cohort.readings`.

        Raises
        ------
        UnknownEntryError
            If a case or landmark is not in the cohort.
        SettingsError
            If a point is none.
        """
        time = journal.now()
        rows: list[tuple[str, str, Row, Row]] = []
        with self._db.read() as connection:
            for point in points:
                case = find_case(connection, point.case_key, self.path)
                landmark = find_landmark(connection, point.landmark, self.path)
                row = point_row(point, case, time, self.path)
                rows.append((point.case_key, point.landmark, (case.number, landmark), row))
        return self._meet(POINTS, rows, origin)

    def meet_labels(self, labels: Sequence[NewLabel], origin: str) -> Met:
        """Take labels of a person from elsewhere, in one action; as `meet_points`."""
        time = journal.now()
        rows: list[tuple[str, str, Row, Row]] = []
        with self._db.read() as connection:
            for label in labels:
                case = find_case(connection, label.case_key, self.path)
                name = clean_name(label.name, self.path, "label")
                row = label_row(label, time, self.path)
                rows.append((label.case_key, name, (case.number, name), row))
        return self._meet(LABELS, rows, origin)

    def meet_segmentation(
        self,
        case_key: str,
        name: str,
        segmentation: Segmentation,
        origin: str,
        author: str | None = None,
    ) -> Met:
        """Take a segmentation of a person from elsewhere, in one action; as `meet_points`."""
        name = clean_name(name, self.path, "segmentation")
        with self._db.read() as connection:
            case = find_case(connection, case_key, self.path)
        file = write_file(self.path, segmentation.on(case.grid))
        names = [segment.name for segment in segmentation.segments]
        row = segmentation_row(self.path, file, names, "manual", None, author)
        met = self._meet(SEGMENTATIONS, [(case_key, name, (case.number, name), row)], origin)
        if not met.changed:
            file.unlink()
        return met

    def _meet(self, table: Table, rows: Sequence[tuple[str, str, Row, Row]], origin: str) -> Met:
        counts = {"new": 0, "same": 0, "second": 0}
        conflicts = []
        changes = []
        with self._db.write() as connection:
            for case_key, name, key, row in rows:
                outcome, change, held = meet(connection, table, key, row, origin)
                counts[outcome] += 1
                made = [change] if change is not None else []
                if table is POINTS and outcome == "new":
                    made += keep_found(connection, key)
                for one in made:
                    journal.apply(connection, one)
                changes += made
                if outcome == "second" and held is not None:
                    conflicts.append(conflict_of(table, case_key, name, held, row))
            if changes:
                count = counts["new"] + len(conflicts)
                text = f"take {count} {table.name} from {origin}"
                journal.write_down(connection, text, changes)
        return Met(counts["new"], counts["same"], tuple(conflicts))
