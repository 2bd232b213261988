"""The two views of the cases: a gallery of thumbnails, and a table."""

from __future__ import annotations

from qtpy.QtCore import QModelIndex, QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListView,
    QStackedWidget,
    QTableView,
)

from napari_medssl.widgets.cohort.model import CaseModel
from napari_medssl.widgets.cohort.pixmaps import Pixmaps
from napari_medssl.widgets.cohort.tile import TILE, Tile

_ROW_HEIGHT = 24
_SORTED_BY = ("name", "state", "confidence")


class Gallery(QListView):
    """Thumbnails in rows; all of one size, so that thousands scroll as a few do."""

    def __init__(self, model: CaseModel, pixmaps: Pixmaps) -> None:
        super().__init__()
        self.setObjectName("gallery")
        self.tile = Tile(pixmaps)
        self.setModel(model)
        self.setItemDelegate(self.tile)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setGridSize(TILE)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(TILE.height() // 2)
        self.setAccessibleName("Gallery of the cases")
        pixmaps.fresh.connect(self.viewport().update)

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Leave letters to the shortcuts instead of searching with them."""


class CaseTable(QTableView):
    """One row a case."""

    def __init__(self, model: CaseModel) -> None:
        super().__init__()
        self.setObjectName("cases")
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 104), (2, 60)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        header.setSectionsClickable(True)
        self.setAccessibleName("Table of the cases")

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Leave letters to the shortcuts instead of searching with them."""


class CaseViews(QStackedWidget):
    """Gallery and table of the same cases; one of them is seen.

    Signals
    -------
    chosen
        Key of the case that a person chose.
    sort_wanted
        By what a person wants to sort, from a click on a title of the table.
    """

    chosen = Signal(str)
    sort_wanted = Signal(str)

    def __init__(self, model: CaseModel, pixmaps: Pixmaps) -> None:
        super().__init__()
        self._model = model
        self._key: str | None = None
        self.gallery, self.table = Gallery(model, pixmaps), CaseTable(model)
        for view in (self.gallery, self.table):
            self.addWidget(view)
            view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
            view.selectionModel().currentChanged.connect(self._on_current)
        self.table.horizontalHeader().sectionClicked.connect(
            lambda column: self.sort_wanted.emit(_SORTED_BY[column])
        )
        model.modelReset.connect(self._mark)
        self.setMinimumHeight(TILE.height() + 8)

    def show_table(self, table: bool) -> None:
        """Show the table, or the gallery."""
        self.setCurrentWidget(self.table if table else self.gallery)
        self.bring_into_view()

    def mark(self, key: str | None) -> None:
        """Mark the current case, and bring it into view."""
        self._key = key
        self._mark()
        self.bring_into_view()

    def bring_into_view(self) -> None:
        """Scroll to the current case."""
        index = self._model.index_of(self._key)
        if index.isValid():
            self.currentWidget().scrollTo(index)

    def _mark(self) -> None:
        index = self._model.index_of(self._key)
        for view in (self.gallery, self.table):
            with QSignalBlocker(view.selectionModel()):
                view.setCurrentIndex(index)
                if not index.isValid():
                    view.clearSelection()
            view.viewport().update()

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid():
            self._key = self._model.cases[index.row()].key
            self.chosen.emit(self._key)
