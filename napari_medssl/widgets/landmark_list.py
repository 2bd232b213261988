"""The list of landmarks: name, how far each is, and a line to add one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from qtpy.QtCore import QPoint, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_medssl.colours import colour_of
from napari_medssl.points import Counts
from napari_medssl.widgets.parts import button

_ROWS = 4
_ROW_HEIGHT = 26


class _Tree(QTreeWidget):
    """A list that leaves letters to the shortcuts instead of searching with them."""

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Do not search."""


class LandmarkList(QWidget):
    """Landmarks to choose from, rename, delete, and a line to name a new one.

    Signals
    -------
    selected, removed
        A landmark's name.
    renamed
        The old name and the new one.
    """

    selected = Signal(str)
    removed = Signal(str)
    renamed = Signal(str, str)

    def __init__(self, add: Callable[[str], bool]) -> None:
        super().__init__()
        self._add = add
        self._names: list[str] = []
        self.tree = _Tree()
        self.tree.setColumnCount(3)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.setAccessibleName("Landmarks")
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(22)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(2, 26)
        self.tree.currentItemChanged.connect(self._on_current)
        self.tree.itemChanged.connect(self._on_edited)
        self.tree.itemClicked.connect(self._on_clicked)
        self.tree.itemDoubleClicked.connect(lambda item, _: self.tree.editItem(item, 0))
        self.tree.customContextMenuRequested.connect(self._on_context)
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name a landmark, e.g. carina")
        self.name.setAccessibleName("Name of a new landmark")
        self.name.returnPressed.connect(self._on_add)
        self.add = button("+ Add  ⏎", "Add this landmark, then click it once", self._on_add)
        self.name.textChanged.connect(lambda text: self.add.setEnabled(bool(text.strip())))
        self.add.setEnabled(False)
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(self.name, 1)
        row.addWidget(self.add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(self.tree)
        layout.addLayout(row)

    def show_landmarks(
        self, names: Sequence[str], current: str | None, counts: Mapping[str, Counts]
    ) -> None:
        """Show the landmarks and how far each is."""
        with QSignalBlocker(self.tree):
            if list(names) != self._names:
                self._names = list(names)
                self.tree.clear()
                self.tree.addTopLevelItems([self._item(name) for name in names])
            for at, name in enumerate(names):
                item = self.tree.topLevelItem(at)
                words = counts[name].words
                started = words != "click it once"
                item.setText(1, words)
                item.setToolTip(0, f"{'●' if started else '○'} {name} (double-click to rename)")
                item.setToolTip(1, _tip(counts[name]))
                if name == current:
                    self.tree.setCurrentItem(item)
        self.tree.setVisible(bool(names))
        rows = min(max(len(names), 1), _ROWS)
        self.tree.setFixedHeight(rows * _ROW_HEIGHT + 4)
        self.updateGeometry()

    def _item(self, name: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([name, "", "⋯"])
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        item.setData(0, Qt.ItemDataRole.UserRole, name)
        item.setData(0, Qt.ItemDataRole.DecorationRole, _swatch(colour_of(name, self._names)))
        item.setTextAlignment(2, Qt.AlignmentFlag.AlignCenter)
        item.setToolTip(2, "Rename or delete")
        return item

    def _on_current(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.selected.emit(item.data(0, Qt.ItemDataRole.UserRole))

    def _on_edited(self, item: QTreeWidgetItem, column: int) -> None:
        old = item.data(0, Qt.ItemDataRole.UserRole)
        new = " ".join(item.text(0).split())
        if column != 0 or new == old:
            return
        with QSignalBlocker(self.tree):
            item.setText(0, old)
        if new:
            self.renamed.emit(old, new)

    def _on_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 2:
            where = self.tree.visualItemRect(item).bottomRight()
            self._menu(item, where)

    def _on_context(self, where: QPoint) -> None:
        item = self.tree.itemAt(where)
        if item is not None:
            self._menu(item, where)

    def _menu(self, item: QTreeWidgetItem, where: QPoint) -> None:
        name = item.data(0, Qt.ItemDataRole.UserRole)
        menu = QMenu(self)
        menu.addAction("Rename").triggered.connect(lambda: self.tree.editItem(item, 0))
        delete = menu.addAction("Delete landmark and its points")
        delete.triggered.connect(lambda: self.removed.emit(name))
        menu.popup(self.tree.viewport().mapToGlobal(where))

    def _on_add(self) -> None:
        if self._add(self.name.text()):
            self.name.clear()


def _swatch(colour: str) -> QColor:
    return QBrush(QColor(colour)).color()


def _tip(counts: Counts) -> str:
    return (
        f"set or accepted by you in {counts.by_person}, found surely in {counts.sure}, "
        f"to check in {counts.to_check} of {counts.images} images"
    )
