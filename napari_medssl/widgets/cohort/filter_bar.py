"""Which cases, in which order, as table or as gallery."""

from __future__ import annotations

from dataclasses import replace

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.widgets.cohort.words import SIGNS
from napari_medssl.widgets.parts import button, label

_SORTS = (
    ("Least sure", "confidence", ""),
    ("Name", "name", ""),
    ("State", "state", ""),
    ("Order added", "added", ""),
)
_SCORED = (("Lesion: likeliest", "lesion", ""), ("Lesion: least sure", "unsure", ""))


class FilterBar(QWidget):
    """Filter, sort, and the choice between table and gallery.

    Signals
    -------
    table_wanted
        Whether the table is to be shown, else the gallery.
    """

    table_wanted = Signal(bool)

    def __init__(self, browser: CohortBrowser) -> None:
        super().__init__()
        self._browser = browser
        self._labels: tuple[str, ...] = ()
        self._scored = False
        self.text = QLineEdit()
        self.text.setPlaceholderText("Filter: name, patient, label")
        self.text.setAccessibleName("Filter")
        self.text.setClearButtonEnabled(True)
        self.state, self.sort = QComboBox(), QComboBox()
        self.state.setAccessibleName("Only cases in this state")
        self.sort.setAccessibleName("Sort by")
        self.turn = button("↓", "The other way round", self._arrange)
        self.gallery = button("▦ Gallery", "Thumbnails with points and masks", self._switch)
        self.table = button("☰ Table", "One line a case", self._switch)
        self._views = QButtonGroup(self)
        for one in (self.gallery, self.table):
            one.setCheckable(True)
            self._views.addButton(one)
        self.gallery.setChecked(True)
        self.turn.setCheckable(True)
        self.turn.setFixedWidth(28)
        self.state.addItem("All states", None)
        for state, sign in SIGNS.items():
            self.state.addItem(f"{sign}  {state}", state)
        self._fill_sorts()
        self._lay_out()
        self.text.textChanged.connect(lambda _: self._arrange())
        self.state.currentIndexChanged.connect(lambda _: self._arrange())
        self.sort.currentIndexChanged.connect(lambda _: self._arrange())

    def refresh(self) -> None:
        """Offer the labels of the cohort to sort by."""
        contents = self._browser.contents
        labels = () if contents is None else contents.labels
        scored = bool(self._browser.scores)
        if (labels, scored) != (self._labels, self._scored):
            self._labels, self._scored = labels, scored
            self._fill_sorts()

    def sort_by(self, by: str) -> None:
        """Sort by this; again, the other way round."""
        if self.sort.currentData()[0] == by:
            self.turn.click()
            return
        self.sort.setCurrentIndex([s[1] for s in _SORTS].index(by))

    def _lay_out(self) -> None:
        for box in (self.state, self.sort):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(5)
            column.addLayout(row)
        first.addWidget(self.text, 1)
        first.addWidget(self.state)
        second.addWidget(label("Sort", "caption"))
        second.addWidget(self.sort, 1)
        second.addWidget(self.turn)
        second.addWidget(self.gallery)
        second.addWidget(self.table)

    def _fill_sorts(self) -> None:
        before = self.sort.currentData()
        with QSignalBlocker(self.sort):
            self.sort.clear()
            scored = _SCORED if self._scored else ()
            for words, by, name in (
                *_SORTS,
                *scored,
                *((f"Label: {n}", "label", n) for n in self._labels),
            ):
                self.sort.addItem(words, (by, name))
            known = [self.sort.itemData(i) for i in range(self.sort.count())]
            self.sort.setCurrentIndex(known.index(before) if before in known else 0)

    def _arrange(self) -> None:
        by, name = self.sort.currentData()
        self.turn.setText("↑" if self.turn.isChecked() else "↓")
        self._browser.arrange(
            replace(
                self._browser.arrangement,
                by=by,
                label=name,
                descending=self.turn.isChecked(),
                text=self.text.text(),
                state=self.state.currentData(),
            )
        )

    def _switch(self) -> None:
        self.table_wanted.emit(self.table.isChecked())
