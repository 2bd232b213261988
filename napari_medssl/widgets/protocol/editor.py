"""Make a measurement: what, between which landmarks, and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from napari_medssl.widgets.parts import button, label

KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Distance", "distance", ("from", "to")),
    ("Angle at a landmark", "angle", ("arm", "vertex", "arm")),
    ("Angle between two lines", "angle", ("from", "to", "from", "to")),
    ("Ratio of two distances", "ratio", ("from", "to", "over", "to")),
)
"""What a person reads, what it is, and what each landmark is for."""


class MeasurementEditor(QWidget):
    """Lists to choose from, and a line for the name.

    Parameters
    ----------
    add
        Takes name, kind and landmarks; gives whether they were taken.
    close
        Called when the person is done.
    """

    def __init__(
        self, add: Callable[[str, str, tuple[str, ...]], bool], close: Callable[[], None]
    ) -> None:
        super().__init__()
        self._add, self._close = add, close
        self.kind = QComboBox()
        self.kind.setAccessibleName("What to measure")
        self.kind.addItems([words for words, _, _ in KINDS])
        self.kind.currentIndexChanged.connect(self._refresh)
        self.places = [QComboBox() for _ in range(4)]
        self._words = [label("", "caption") for _ in range(4)]
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        for at, (place, words) in enumerate(zip(self.places, self._words, strict=True)):
            place.setAccessibleName(f"Landmark {at + 1}")
            place.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            place.setMinimumContentsLength(6)
            row, column = divmod(at, 2)
            grid.addWidget(words, row, 2 * column, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(place, row, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name it, e.g. heart width")
        self.name.setAccessibleName("Name of the measurement")
        self.name.returnPressed.connect(self._on_add)
        self.take = button("Add", "Measure this in every image", self._on_add)
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(self.name, 1)
        row.addWidget(self.take)
        row.addWidget(button("Cancel", "Measure nothing more", close))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(self.kind)
        layout.addLayout(grid)
        layout.addLayout(row)
        self.name.textChanged.connect(self._refresh)
        self._refresh()

    def show_landmarks(self, landmarks: Sequence[str]) -> None:
        """Fill the lists; what was chosen stays chosen."""
        for at, place in enumerate(self.places):
            before = place.currentText()
            place.clear()
            place.addItems(list(landmarks))
            place.setCurrentIndex(
                list(landmarks).index(before)
                if before in landmarks
                else min(at, len(landmarks) - 1)
            )
        self._refresh()

    def _refresh(self) -> None:
        roles = KINDS[self.kind.currentIndex()][2]
        for at, (place, words) in enumerate(zip(self.places, self._words, strict=True)):
            used = at < len(roles)
            place.setVisible(used)
            words.setVisible(used)
            words.setText(roles[at] if used else "")
        self.take.setEnabled(bool(self.name.text().strip()))

    def _on_add(self) -> None:
        _, kind, roles = KINDS[self.kind.currentIndex()]
        chosen = tuple(place.currentText() for place in self.places[: len(roles)])
        name = " ".join(self.name.text().split())
        if name and self._add(name, kind, chosen):
            self.name.clear()
            self._close()
