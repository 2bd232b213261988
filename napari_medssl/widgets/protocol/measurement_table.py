"""The measurements of the current image: value, uncertainty, and what to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

if TYPE_CHECKING:
    from medssl.protocols.measuring import Measured

_ROWS = 3
_ROW_HEIGHT = 26
_HEADER = 24
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_UNITS = {"mm": " mm", "px": " px", "deg": "°", "1": ""}


class MeasurementTable(QTreeWidget):
    """One row a measurement; the least sure point behind it decides its mark."""

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(3)
        self.setHeaderLabels(["Measurement", "Value", "±"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName("Measurements")
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
            self.headerItem().setTextAlignment(column, _RIGHT)
        self.headerItem().setToolTip(
            2, "One standard deviation, from the uncertainty of the points"
        )

    def show_measured(self, measured: Sequence[Measured]) -> None:
        """Show what was measured; the selected row stays selected."""
        selected = self.selected()
        self.clear()
        self.addTopLevelItems([_item(one) for one in measured])
        if 0 <= selected < len(measured):
            self.setCurrentItem(self.topLevelItem(selected))
        self.setVisible(bool(measured))
        self.setFixedHeight(min(max(len(measured), 1), _ROWS) * _ROW_HEIGHT + _HEADER + 4)

    def selected(self) -> int:
        """Row that is selected, -1 without one."""
        return self.indexOfTopLevelItem(self.currentItem()) if self.currentItem() else -1

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Leave letters to the shortcuts instead of searching with them."""


def value_words(one: Measured) -> str:
    """Give the value with its unit, or a dash."""
    if one.found is None:
        return "–"
    mark = "" if one.by_person else "○ "
    warning = " ⚠" if one.found.warning else ""
    return f"{mark}{_number(one.found.value, one.found.unit)}{_UNITS[one.found.unit]}{warning}"


def _item(one: Measured) -> QTreeWidgetItem:
    found = one.found
    spread = ""
    if found is not None and found.uncertainty is not None:
        spread = _number(found.uncertainty, found.unit)
    item = QTreeWidgetItem([one.definition.name, value_words(one), spread])
    for column in (1, 2):
        item.setTextAlignment(column, _RIGHT)
    item.setToolTip(0, f"{one.definition.name} = {one.definition.text}")
    item.setToolTip(1, _tip(one))
    return item


def _number(value: float, unit: str) -> str:
    return f"{value:.2f}" if unit == "1" else f"{value:.1f}"


def _tip(one: Measured) -> str:
    if one.found is None:
        return f"cannot be measured: {one.problem}"
    by = "all points placed or accepted by a person"
    if not one.by_person:
        by = f"○ rests on found points, confidence {one.confidence or 0.0:.2f}"
    return f"{by}\n⚠ {one.found.warning}" if one.found.warning else by
