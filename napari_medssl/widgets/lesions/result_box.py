"""What was learned says of this image: score, map, regions, slices."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget

from napari_medssl.lesions.lesions import Lesions
from napari_medssl.lesions.mapping import METHODS, threshold_value
from napari_medssl.lesions.words import NOTICE, range_words, score_words
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.lesions.region_table import RegionTable
from napari_medssl.widgets.lesions.slice_strip import SliceStrip
from napari_medssl.widgets.parts import Fold, button, label

_STEPS = 100
_NOT_COMPARED = 1


class ResultBox(QWidget):
    """Score and regions of the current image, and how its map is shown.

    Signals
    -------
    opacity_wanted
        Opacity of the map, 0 to 1.
    slice_wanted
        Slice of the image to go to.
    """

    opacity_wanted = Signal(float)
    slice_wanted = Signal(int)

    def __init__(self, lesions: Lesions) -> None:
        super().__init__()
        self._lesions = lesions
        self.score, self.range = label("", "heading"), label("", "hint")
        self.threshold, self.opacity = _slider("Threshold"), _slider("Opacity")
        self.opacity.setValue(70)
        self.auto = button("Auto", "Let each map choose its threshold (Otsu)", self._set_auto)
        self.auto.setCheckable(True)
        self.table = RegionTable()
        self.strip = SliceStrip()
        self.told = label("", "hint")
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.told_fold = Fold("How well it did on images left out", self.told)
        self.method, self.second = QComboBox(), QComboBox()
        self.compare = button(
            labelled("Compare with", "compare_maps"),
            "Show the map of another method beside this one",
            self.toggle_comparison,
        )
        self.compare.setCheckable(True)
        self._lay_out()
        self.threshold.valueChanged.connect(self._set_threshold)
        self.opacity.valueChanged.connect(lambda v: self.opacity_wanted.emit(v / _STEPS))
        self.method.currentTextChanged.connect(lesions.set_method)
        self.second.currentTextChanged.connect(self._choose_second)
        self.strip.chosen.connect(self.slice_wanted)

    def _lay_out(self) -> None:
        for box in (self.method, self.second):
            box.addItems(list(METHODS))
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.method.setAccessibleName("Method of the map")
        self.second.setAccessibleName("Method to compare with")
        self.second.setCurrentIndex(_NOT_COMPARED)
        grid = QGridLayout()
        grid.setSpacing(5)
        for row, (words, slider) in enumerate(
            (("Threshold", self.threshold), ("Opacity", self.opacity))
        ):
            grid.addWidget(QLabel(words), row, 0)
            grid.addWidget(slider, row, 1)
        grid.addWidget(self.auto, 0, 2)
        grid.addWidget(QLabel("Map"), 2, 0)
        grid.addWidget(self.method, 2, 1, 1, 2)
        grid.addWidget(self.compare, 3, 0, 1, 2)
        grid.addWidget(self.second, 3, 2)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.score)
        column.addWidget(self.range)
        column.addLayout(grid)
        column.addWidget(self.table, 1)
        column.addWidget(self.strip)
        column.addWidget(self.told_fold)

    def refresh(self) -> None:
        """Show what is known of the current image."""
        lesions = self._lesions
        found = lesions.found
        positive = lesions.classes[1] if len(lesions.classes) == 2 else "any lesion"
        if found is None:
            self.score.setText("Making the map" if lesions.mapping else "No map yet")
            self.range.setText("")
            self.table.show_regions((), None)
        else:
            self.score.setText(score_words(found, positive))
            said = zip(found.questions[1:], found.probabilities[1:], strict=True)
            classes = " · ".join(f"{name} {value:.2f}" for name, value in said)
            self.range.setText(" · ".join(w for w in (range_words(found), classes, NOTICE) if w))
        self.told.setText(lesions.told)
        self.told_fold.setVisible(bool(lesions.told))
        self.strip.show_slices(() if found is None else found.slices)
        self.auto.setChecked(lesions.threshold == "otsu")
        self.compare.setChecked(lesions.second is not None)
        self._show_threshold()

    def toggle_comparison(self) -> None:
        """Compare with the chosen method, or no more."""
        lesions = self._lesions
        lesions.compare_with(None if lesions.second is not None else self.second.currentText())

    def _show_threshold(self) -> None:
        found = self._lesions.found
        if found is None or found.values.max() <= 0:
            return
        share = threshold_value(found, self._lesions.threshold) / float(found.values.max())
        with QSignalBlocker(self.threshold):
            self.threshold.setValue(round(share * _STEPS))

    def _set_threshold(self, value: int) -> None:
        self.auto.setChecked(False)
        self._lesions.set_threshold(value / _STEPS)

    def _set_auto(self) -> None:
        self.auto.setChecked(True)
        self._lesions.set_threshold("otsu")
        self._show_threshold()

    def _choose_second(self, method: str) -> None:
        if self._lesions.second is not None:
            self._lesions.compare_with(method)


def _slider(name: str) -> QSlider:
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(1, _STEPS)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAccessibleName(name)
    return made
