"""All cases as a model that table and gallery share: no widget a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from napari_medssl.widgets.cohort.words import case_tip, state_words, sure_words

if TYPE_CHECKING:
    from medssl.cohort.overview import CaseSummary

CASE = int(Qt.ItemDataRole.UserRole)
TITLES = ("Image", "State", "Sure")
_NOWHERE = QModelIndex()


class CaseModel(QAbstractTableModel):
    """One row a case, in the order in which they are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: Sequence[CaseSummary] = ()
        self._rows: dict[str, int] = {}

    def set_cases(self, cases: Sequence[CaseSummary]) -> None:
        """Show other cases, or in another order; the same ones are only drawn anew."""
        if [case.key for case in cases] == [case.key for case in self.cases] and cases:
            self.cases = cases
            self.dataChanged.emit(self.index(0, 0), self.index(len(cases) - 1, len(TITLES) - 1))
            return
        self.beginResetModel()
        self.cases = cases
        self._rows = {case.key: row for row, case in enumerate(cases)}
        self.endResetModel()

    def index_of(self, key: str | None) -> QModelIndex:
        """Index of a case; an invalid one where it is not shown."""
        row = self._rows.get(key) if key is not None else None
        return _NOWHERE if row is None else self.index(row, 0)

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Count the cases."""
        return 0 if parent.isValid() else len(self.cases)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Name, state, sureness."""
        return 0 if parent.isValid() else len(TITLES)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles of the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return TITLES[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell, the case itself, and all that is known of it on hover."""
        case = self.cases[index.row()]
        if role == CASE:
            return case
        if role == Qt.ItemDataRole.DisplayRole:
            column = index.column()
            if column == 0:
                return case.name
            return state_words(case) if column == 1 else sure_words(case)
        if role == Qt.ItemDataRole.ToolTipRole:
            return case_tip(case)
        return None
