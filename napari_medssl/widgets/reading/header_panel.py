"""The header of the file as a table to search, what can tell whose it is kept back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QKeySequence, QStandardItem, QStandardItemModel
from qtpy.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from napari_medssl.widgets.parts import button, label

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from medssl.io.header_rows import HeaderRow

HIDDEN = "· · ·"
_COLUMNS = ("Tag", "Name", "Value")


class HeaderTree(QTreeView):
    """A tree that copies its row and leaves other letters to the shortcuts.

    Signals
    -------
    copy_wanted
        Ctrl+C was pressed.
    """

    copy_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Copy a row; hand letters on to the window instead of searching with them."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif event.text().isprintable() and event.text() and not event.text().isspace():
            event.ignore()
        else:
            super().keyPressEvent(event)


class HeaderPanel(QWidget):
    """Search field, toggle, and the table; sequences are folded.

    Signals
    -------
    copied
        Name of the row that was copied.
    """

    copied = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[HeaderRow] = ()
        self._about = ""
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search tag, name or value")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search)
        self.identifying = button(
            "Show identifying",
            "Names, numbers, days and places, free text, private elements: hidden, not removed",
            self._fill,
        )
        self.identifying.setCheckable(True)
        self.copy = button("Copy row", "Copy the chosen row (Ctrl+C)", self.copy_row)
        self._model = QStandardItemModel(0, len(_COLUMNS))
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._model)
        self._proxy.setRecursiveFilteringEnabled(True)
        self._proxy.setFilterKeyColumn(-1)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.tree = HeaderTree()
        self.tree.setModel(self._proxy)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(12)
        self.tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.setMinimumHeight(150)
        self.tree.copy_wanted.connect(self.copy_row)
        self.about = label("", "caption")
        above = QHBoxLayout()
        above.setSpacing(4)
        above.addWidget(self.search, 1)
        above.addWidget(self.identifying)
        below = QHBoxLayout()
        below.addWidget(self.about, 1)
        below.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(above)
        layout.addWidget(self.tree, 1)
        layout.addLayout(below)
        self._fill()

    def show_rows(self, rows: Sequence[HeaderRow], about: str = "") -> None:
        """Show a header; `about` says of which file."""
        self._rows = rows
        self._about = about
        self._fill()

    @property
    def shown(self) -> list[tuple[str, str, str]]:
        """The rows of the first level that the search lets through."""
        model = self._proxy
        return [
            tuple(str(model.index(row, column).data() or "") for column in range(len(_COLUMNS)))  # type: ignore[misc]
            for row in range(model.rowCount())
        ]

    def copy_row(self) -> None:
        """Copy the chosen row as it is shown: tag, name and value, with tabs between."""
        index = self.tree.currentIndex()
        if not index.isValid():
            return
        words = [str(index.siblingAtColumn(c).data() or "") for c in range(len(_COLUMNS))]
        QApplication.clipboard().setText("\t".join(words))
        self.copied.emit(words[1])

    def _fill(self) -> None:
        self._model.clear()
        self._model.setHorizontalHeaderLabels(_COLUMNS)
        opened = bool(self.identifying.isChecked())
        for row in self._rows:
            self._model.appendRow(_items(row, opened))
        tags = any(row.tag for row in self._rows)
        self.tree.setColumnHidden(0, not tags)
        header = self.tree.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.tree.setColumnWidth(0, 106)
        self.tree.setColumnWidth(1, 136)
        held = 0 if opened else sum(row.identifying for row in self._rows)
        number = len(self._rows)
        self.about.setText(f"{number} rows, {held} hidden" if held else f"{number} rows")
        self.about.setToolTip(self._about)
        self.copy.setEnabled(bool(self._rows))

    def _on_search(self, words: str) -> None:
        self._proxy.setFilterFixedString(words)
        if words:
            self.tree.expandAll()
        else:
            self.tree.collapseAll()
        first: QModelIndex = self._proxy.index(0, 0)
        self.tree.scrollTo(first)


def _items(row: HeaderRow, opened: bool) -> list[QStandardItem]:
    """Make the cells of a row; what is kept back is not in them at all."""
    kept_back = row.identifying and not opened
    value = HIDDEN if kept_back and (row.value or row.rows) else row.value
    items = [QStandardItem(words) for words in (row.tag, row.name, value)]
    for item, words in zip(items, (row.tag, row.name, value), strict=True):
        item.setToolTip(words)
    for inner in row.rows if not kept_back else ():
        items[0].appendRow(_items(inner, opened))
    return items
