"""Labels of whole images: a person's, and predictions beside them."""

from __future__ import annotations

from collections.abc import Sequence

from medssl.cohort import journal
from medssl.cohort.findings import Label, NewLabel
from medssl.cohort.lookup import clean_name, find_case, label_row
from medssl.cohort.parts.part import Part
from medssl.cohort.readings import say_anew
from medssl.cohort.records import Kind
from medssl.cohort.rows import LABELS, Which, label_from, of_kind
from medssl.cohort.tables import LABELS as LABELS_TABLE
from medssl.cohort.tables import Row


class Labels(Part):
    """What images show as a whole."""

    def set_labels(self, labels: Sequence[NewLabel]) -> None:
        """Store many labels in one transaction: all of them, or none if one is refused.

        A person's labels (manual, corrected) replace the person's label before and are one
        action for undo; what another person had said is kept as a second reading
        (`medssl.cohort.readings`). Predictions replace predictions, and nothing else.

        Raises
        ------
        UnknownEntryError
            If a case is not in the cohort.
        SettingsError
            If a label has no name or value, or its source or confidence is none.
        """
        time = journal.now()
        with self._db.write() as connection:
            placed: dict[Kind, dict[Row, Row]] = {"human": {}, "predicted": {}}
            for label in labels:
                case = find_case(connection, label.case_key, self.path)
                kind: Kind = "predicted" if label.source == "predicted" else "human"
                key = (case.number, clean_name(label.name, self.path, "label"))
                placed[kind][key] = label_row(label, time, self.path)
            for key, row in placed["predicted"].items():
                connection.execute(LABELS_TABLE.upsert, (*key, "predicted", *row))
            changes = [
                change
                for key, row in placed["human"].items()
                for change in say_anew(connection, LABELS_TABLE, key, row, self.path.stem)
            ]
            if changes:
                journal.act(connection, _describe(labels), changes)

    def delete_label(self, case_key: str, name: str, kind: Kind = "human") -> bool:
        """Delete a person's label (undo brings it back) or a prediction; False if none is there."""
        with self._db.write() as connection:
            case = find_case(connection, case_key, self.path)
            key = (case.number, clean_name(name, self.path, "label"))
            if kind == "predicted":
                return connection.execute(LABELS_TABLE.delete, (*key, kind)).rowcount > 0
            change = journal.replace(connection, LABELS_TABLE, key, None)
            if change.before is None:
                return False
            journal.act(connection, f"delete label {name} of {case_key}", [change])
            return True

    def labels(
        self, case_key: str | None = None, name: str | None = None, kind: Which = "effective"
    ) -> list[Label]:
        """Labels by case and name; `kind` as in `Points.points`."""
        query, values = LABELS, list[int | str]()
        with self._db.read() as connection:
            if case_key is not None:
                query += " AND l.case_id = ?"
                values.append(find_case(connection, case_key, self.path).number)
            if name is not None:
                query += " AND l.name = ?"
                values.append(clean_name(name, self.path, "label"))
            query += of_kind(kind, "labels", "name", "l")
            query += " ORDER BY l.case_id, l.name, l.kind"
            return [label_from(row) for row in connection.execute(query, values)]


def _describe(labels: Sequence[NewLabel]) -> str:
    human = [label for label in labels if label.source != "predicted"]
    if len(human) > 1:
        return f"label {len(human)} times"
    return f"label {human[0].case_key}: {human[0].name} {human[0].value}"
