"""All runs: what each is and where it stands, to look at, compare, delete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, QUrl, Signal
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMessageBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_medssl.training import Training
from napari_medssl.training.words import clock, state_words, status_line
from napari_medssl.widgets.parts import Fold, button

if TYPE_CHECKING:
    from medssl.runs import RunSummary

_PATH = Qt.ItemDataRole.UserRole
_ROWS = 4
_ROW_HEIGHT = 25


class _Tree(QTreeWidget):
    """A list that leaves letters to the shortcuts instead of searching with them."""

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Do not search."""


class RunsList(Fold):
    """A line a run; a click shows it, its check box draws its curve beside that of the run shown.

    Signals
    -------
    chosen
        Folder of the run that a person wants to see.
    """

    chosen = Signal(object)

    def __init__(self, training: Training) -> None:
        self._training = training
        self._shown: list[RunSummary] = []
        self.tree = _Tree()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setAccessibleName("Runs")
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, 116)
        self.folder = button("Open folder", "Show its files", self._open_folder)
        self.delete = button("Delete…", "Delete the run and its model", self._ask_to_delete)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.tree)
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(self.folder)
        row.addWidget(self.delete)
        row.addStretch(1)
        column.addLayout(row)
        super().__init__("Runs", content)
        self.tree.itemClicked.connect(self._on_clicked)
        self.tree.itemActivated.connect(lambda item, _: self.chosen.emit(Path(item.data(0, _PATH))))
        self.tree.itemChanged.connect(self._on_changed)
        self.refresh()

    def refresh(self) -> None:
        """Show the runs as they are now."""
        from medssl.runs import ACTIVE_STATES

        runs = list(self._training.known.runs)
        self.setVisible(bool(runs))
        active = sum(run.status.state in ACTIVE_STATES for run in runs)
        words = f" · {active} of {len(runs)} at work" if active else f" · {len(runs)}"
        self.set_title(f"Runs{words}" if runs else "Runs")
        if runs != self._shown:
            resting = self._training.run is None and self._training.images is None
            if not self._shown and resting and not active:
                self.button.setChecked(True)
            self._shown = runs
            self._fill(runs)
        self._mark()

    def item(self, path: Path) -> QTreeWidgetItem | None:
        """Line of a run."""
        for number in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(number)
            if item is not None and item.data(0, _PATH) == str(path):
                return item
        return None

    def _fill(self, runs: list[RunSummary]) -> None:
        with QSignalBlocker(self.tree):
            self.tree.clear()
            for run in runs:
                words = f"{run.name} · {run.method}" if run.method else run.name
                item = QTreeWidgetItem([words, state_words(run.status.state)])
                item.setData(0, _PATH, str(run.path))
                on = run.path in self._training.known.compared
                item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                item.setToolTip(0, f"{words}\n{_made(run)}\n{run.path}\nCheck it to compare curves")
                tip = status_line(run.status)
                item.setToolTip(1, f"{tip}\n{run.status.message}" if run.status.message else tip)
                self.tree.addTopLevelItem(item)
        rows = min(_ROWS, max(1, len(runs)))
        self.tree.setFixedHeight(rows * _ROW_HEIGHT + 4)

    def _mark(self) -> None:
        """Mark the run that is shown."""
        training = self._training
        run = training.run
        found = None if run is None else self.item(run)
        with QSignalBlocker(self.tree):
            self.tree.setCurrentItem(found)
        self.folder.setEnabled(run is not None)
        self.delete.setEnabled(
            run is not None and training.snapshot is not None and not training.active
        )

    def _on_clicked(self, item: QTreeWidgetItem, _column: int) -> None:
        self.chosen.emit(Path(item.data(0, _PATH)))

    def _on_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            on = item.checkState(0) == Qt.CheckState.Checked
            self._training.known.compare(Path(item.data(0, _PATH)), on)

    def _open_folder(self) -> None:
        if self._training.run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._training.run)))

    def _ask_to_delete(self) -> None:
        run = self._training.run
        if run is None:
            return
        known = self._training.known.named(run)
        name = run.name if known is None else f"{known.name} · {known.method}"
        question = QMessageBox(self.window())
        question.setIcon(QMessageBox.Icon.Warning)
        question.setWindowTitle("Delete a run")
        question.setText(f"Delete “{name}” with its model?")
        question.setInformativeText(f"This cannot be undone.\n{run}")
        delete = question.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        keep = question.addButton("Keep", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(keep)
        question.exec()
        if question.clickedButton() is delete:
            self._training.delete(run)


def _made(run: RunSummary) -> str:
    import time

    return time.strftime("made %d %b %Y, ", time.localtime(run.created)) + clock(run.created)[:5]
