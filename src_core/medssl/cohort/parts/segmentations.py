"""Segmentations of a cohort: files in its folder, and who drew them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medssl.cohort import journal
from medssl.cohort.findings import SegmentationRecord
from medssl.cohort.lookup import check_about, clean_name, find_case
from medssl.cohort.parts.part import Part
from medssl.cohort.readings import say_anew
from medssl.cohort.records import Kind, Source
from medssl.cohort.rows import SEGMENTATIONS, Which, of_kind, segmentation_from
from medssl.cohort.segmentation_files import segmentation_row, write_file
from medssl.cohort.tables import SEGMENTATIONS as TABLE
from medssl.errors import FileRefusedError

if TYPE_CHECKING:
    from medssl.io import Segmentation


class Segmentations(Part):
    """Masks of images, each a file that is written once and never written over."""

    def set_segmentation(
        self,
        case_key: str,
        name: str,
        segmentation: Segmentation,
        source: Source = "manual",
        model: str | None = None,
        author: str | None = None,
        confidence: float | None = None,
    ) -> SegmentationRecord:
        """Store a segmentation of a case; its file is on the disk before its record is.

        A person's segmentation (manual, corrected) replaces the person's before, which undo
        brings back: its file stays; another person's is kept as a second reading
        (`medssl.cohort.readings`). A prediction replaces a prediction, and nothing else.

        Raises
        ------
        UnknownEntryError
            If the case is not in the cohort.
        GeometryError
            If its voxels are not those of the image.
        StorageError
            If it cannot be written.
        """
        name = clean_name(name, self.path, "segmentation")
        check_about(f"the segmentation {name} of {case_key}", source, confidence, self.path)
        with self._db.read() as connection:
            case = find_case(connection, case_key, self.path)
        file = write_file(self.path, segmentation.on(case.grid))
        segments = [segment.name for segment in segmentation.segments]
        row = segmentation_row(self.path, file, segments, source, model, author, confidence)
        with self._db.write() as connection:
            key = (case.number, name)
            if source == "predicted":
                connection.execute(TABLE.upsert, (*key, "predicted", *row))
            else:
                changes = say_anew(connection, TABLE, key, row, self.path.stem)
                journal.act(connection, f"draw {name} in {case_key}", changes)
        kind: Kind = "predicted" if source == "predicted" else "human"
        (stored,) = self.segmentations(case_key, name, kind)
        return stored

    def set_segmentation_confidence(self, case_key: str, name: str, confidence: float) -> bool:
        """Say anew how sure a predicted segmentation is; False if there is none.

        Raises
        ------
        UnknownEntryError
            If the case is not in the cohort.
        SettingsError
            If the confidence is no share.
        """
        check_about(f"the segmentation {name} of {case_key}", "predicted", confidence, self.path)
        with self._db.write() as connection:
            case = find_case(connection, case_key, self.path)
            key = (case.number, clean_name(name, self.path, "segmentation"), "predicted")
            row = connection.execute(TABLE.select, key).fetchone()
            if row is None:
                return False
            columns = dict(zip(TABLE.columns, row, strict=True)) | {"confidence": confidence}
            connection.execute(TABLE.upsert, (*key, *columns.values()))
            return True

    def delete_segmentation(self, case_key: str, name: str, kind: Kind = "human") -> bool:
        """Delete a person's segmentation (undo brings it back) or a prediction's record."""
        with self._db.write() as connection:
            case = find_case(connection, case_key, self.path)
            key = (case.number, clean_name(name, self.path, "segmentation"))
            if kind == "predicted":
                return connection.execute(TABLE.delete, (*key, kind)).rowcount > 0
            change = journal.replace(connection, TABLE, key, None)
            if change.before is None:
                return False
            journal.act(connection, f"delete {name} in {case_key}", [change])
            return True

    def segmentations(
        self, case_key: str | None = None, name: str | None = None, kind: Which = "effective"
    ) -> list[SegmentationRecord]:
        """Segmentations by case and name; `kind` as in `Points.points`."""
        query, values = SEGMENTATIONS, list[int | str]()
        with self._db.read() as connection:
            if case_key is not None:
                query += " AND s.case_id = ?"
                values.append(find_case(connection, case_key, self.path).number)
            if name is not None:
                query += " AND s.name = ?"
                values.append(clean_name(name, self.path, "segmentation"))
            query += of_kind(kind, "segmentations", "name", "s")
            query += " ORDER BY s.case_id, s.name, s.kind"
            found = connection.execute(query, values)
            return [segmentation_from(row, self.path) for row in found]

    def read_segmentation(self, record: SegmentationRecord) -> Segmentation:
        """Read the file of a segmentation, on the grid of its image.

        Raises
        ------
        FileRefusedError
            If the file is gone or damaged.
        """
        from medssl.io.seg_nrrd import read_seg_nrrd

        with self._db.read() as connection:
            case = find_case(connection, record.case_key, self.path)
        if not record.file.is_file():
            raise FileRefusedError(
                record.file,
                f"the file of the segmentation {record.name} of {record.case_key} is gone",
                "Restore it from a backup of the cohort's folder.",
            )
        return read_seg_nrrd(record.file).on(case.grid)
