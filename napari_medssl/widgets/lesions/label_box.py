"""What an image is: a button for each class with its key, and how many are labelled."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QInputDialog, QMenu, QVBoxLayout, QWidget

from napari_medssl.lesions.classes import MOST
from napari_medssl.lesions.lesions import Lesions
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.parts import ElidedLabel, button, label

_COLUMNS = 2


class LabelBox(QWidget):
    """Labels the current image, and says which one to label next.

    Signals
    -------
    labelled_by_click
        A person clicked a class.
    """

    labelled_by_click = Signal()

    def __init__(self, lesions: Lesions) -> None:
        super().__init__()
        self._lesions = lesions
        self._shown: tuple[str, ...] = ()
        self.name = ElidedLabel()
        self.name.setObjectName("heading")
        self.buttons: list[QWidget] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(5)
        self.add = button("+  another class", "Add a class or finding", self._ask_name)
        self.clear = button(
            labelled("No label", "no_label"), "Take the label away", lesions.clear_label
        )
        self.counts = label("", "hint")
        self.next = button(
            labelled("Next: most unsure", "next_unsure"),
            "Open the image whose label teaches most",
            lesions.next_unsure,
        )
        rare = QHBoxLayout()
        rare.setSpacing(5)
        rare.addWidget(self.clear, 1)
        rare.addWidget(self.add, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.name)
        column.addLayout(self._grid)
        column.addLayout(rare)
        column.addWidget(self.counts)
        column.addWidget(self.next)

    def refresh(self) -> None:
        """Show the label of the current image, and the counts."""
        lesions = self._lesions
        if lesions.classes != self._shown:
            self._build(lesions.classes)
        case, counts = lesions.case, lesions.label_counts()
        self.name.set_words("Choose an image" if case is None else f"{case.name} is:")
        for name, one in zip(self._shown, self.buttons, strict=True):
            one.setChecked(lesions.label == name)
            one.setEnabled(case is not None)
        self.clear.setEnabled(lesions.label is not None)
        self.add.setEnabled(len(self._shown) < MOST)
        total = len(lesions.cases)
        done = " + ".join(f"{counts[name]} {name}" for name in self._shown if counts[name])
        left = total - counts.total()
        self.counts.setText(f"{done or 'none'} labelled · {left} of {total} without a label")
        self.next.setEnabled(left > 0)

    def _build(self, classes: tuple[str, ...]) -> None:
        self._shown = classes
        for old in self.buttons:
            self._grid.removeWidget(old)
            old.deleteLater()
        self.buttons = []
        for number, name in enumerate(classes, 1):
            key = str(number) if number <= MOST else ""
            one = button(f"{key}   {name}", f"This image is {name}", partial(self._set, number))
            one.setCheckable(True)
            one.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            one.customContextMenuRequested.connect(partial(self._offer, number))
            one.setToolTip(f"This image is {name}. Right-click to rename the class")
            place = divmod(number - 1, _COLUMNS)
            self._grid.addWidget(one, *place)
            self.buttons.append(one)

    def _set(self, number: int) -> None:
        self._lesions.set_label(number)
        self.refresh()

    def _offer(self, number: int, _: object) -> None:
        menu = QMenu(self)
        menu.addAction("Rename…").triggered.connect(lambda: self._rename(number))
        widget = self.buttons[number - 1]
        menu.exec(widget.mapToGlobal(widget.rect().bottomLeft()))

    def _rename(self, number: int) -> None:
        old = self._shown[number - 1]
        name, given = QInputDialog.getText(self, "Rename a class", f"New name of {old}", text=old)
        if given:
            self._lesions.rename_class(number, name)

    def _ask_name(self) -> None:
        name, given = QInputDialog.getText(self, "Add a class", "Name of the class or finding")
        if given:
            self._lesions.add_class(name)
