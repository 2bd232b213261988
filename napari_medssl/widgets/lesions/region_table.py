"""The regions of the current image: a line each; a click goes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from napari_medssl.lesions.words import place_words, size_words

if TYPE_CHECKING:
    from medssl.lesions import Region
    from napari_medssl.layers import Display

_TITLES = ("#", "Size", "Score", "Place")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WIDTHS = (30, 84, 52)


class RegionTable(QTreeWidget):
    """Number, size, score and place of each region.

    Signals
    -------
    chosen
        The region that a person chose.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._regions: Sequence[Region] = ()
        self.setHeaderLabels(_TITLES)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Regions")
        self.setMinimumHeight(84)
        header = self.header()
        header.setStretchLastSection(True)
        for column, width in enumerate(_WIDTHS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        self.itemClicked.connect(self._choose)
        self.currentItemChanged.connect(lambda item, _: self._choose(item))

    def show_regions(self, regions: Sequence[Region], display: Display | None) -> None:
        """Show other regions; `display` says how the image lies on the screen."""
        with QSignalBlocker(self):
            self.clear()
            self._regions = regions if display is not None else ()
            for region in self._regions:
                assert display is not None
                told = (str(region.value), size_words(region), f"{region.score:.2f}")
                item = QTreeWidgetItem([*told, place_words(region, display)])
                for column in (1, 2):
                    item.setTextAlignment(column, _RIGHT)
                self.addTopLevelItem(item)

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Leave letters to the shortcuts instead of searching with them."""

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        row = -1 if item is None else self.indexOfTopLevelItem(item)
        if row >= 0:
            self.chosen.emit(self._regions[row])
