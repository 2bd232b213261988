"""The list of images in review: the least sure first, a click shows the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QFont
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeView

from napari_medssl.points import SYMBOLS, PointState

_WORDS = {"set": "set", "high": "high", "check": "check", "low": "low"}
_NOWHERE = QModelIndex()


class Listed(Protocol):
    """An image as it is listed."""

    @property
    def key(self) -> str:
        """What tells it from all others."""

    @property
    def name(self) -> str:
        """What is shown."""


class ReviewModel(QAbstractTableModel):
    """One row an image: its name, and how sure the current landmark is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, str, PointState | None]] = []

    def set_rows(self, sources: Sequence[Listed], points: Sequence[PointState]) -> None:
        """Order the images: by `points`, which come the least sure first, then the others."""
        names = {s.key: s.name for s in sources}
        placed = {p.case_key for p in points}
        rows: list[tuple[str, str, PointState | None]] = [
            (p.case_key, names[p.case_key], p) for p in points if p.case_key in names
        ]
        rows += [(s.key, s.name, None) for s in sources if s.key not in placed]
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def row_of(self, case_key: str) -> int:
        """Row of an image, -1 where it is not listed."""
        return next((i for i, row in enumerate(self.rows) if row[0] == case_key), -1)

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Count the images."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Name, confidence."""
        return 0 if parent.isValid() else 2

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles of the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return ("Image", "Confidence")[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell, and the number behind them on hover."""
        key, name, point = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return name if index.column() == 0 else point_words(point)
        if role == Qt.ItemDataRole.FontRole and index.column() == 1:
            font = QFont()
            font.setBold(point is not None and point.needs_a_look)
            return font
        if role == Qt.ItemDataRole.ToolTipRole:
            hidden = not key.endswith(name)
            return (name if hidden else key) if index.column() == 0 else point_tip(point)
        return None


class ReviewList(QTreeView):
    """Images of the cohort in the order of review.

    Signals
    -------
    chosen
        Key of the image that a person chose.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._model = ReviewModel()
        self.setModel(self._model)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setMinimumHeight(80)
        self.setAccessibleName("Images")
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, 104)
        self.selectionModel().currentChanged.connect(self._on_current)

    def show_review(
        self, sources: Sequence[Listed], points: Sequence[PointState], current: str | None
    ) -> None:
        """Show the images and mark the current one."""
        with QSignalBlocker(self.selectionModel()):
            self._model.set_rows(sources, points)
        self.mark(current)

    def mark(self, case_key: str | None) -> None:
        """Mark the current image."""
        row = -1 if case_key is None else self._model.row_of(case_key)
        with QSignalBlocker(self.selectionModel()):
            index = self._model.index(row, 0)
            self.setCurrentIndex(index)
        self.viewport().update()
        if row >= 0:
            self.scrollTo(index)

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Leave letters to the shortcuts instead of searching with them."""

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self._model.rows[index.row()][0])


def point_words(point: PointState | None) -> str:
    """Who set the point, as a symbol, and how sure it is, as a word."""
    return "–" if point is None else f"{SYMBOLS[point.source]}  {_WORDS[point.level]}"


def point_tip(point: PointState | None) -> str:
    """Say the number behind the word."""
    if point is None:
        return "not set, not found yet"
    if point.source == "predicted":
        return f"found, confidence {point.confidence or 0.0:.2f}"
    by = point.author or "you"
    if point.source == "corrected":
        return f"corrected by {by}"
    return f"accepted by {by}" if point.confidence is not None else f"placed by {by}"
