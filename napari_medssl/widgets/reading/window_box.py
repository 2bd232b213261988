"""Window presets as buttons, width and level as numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_medssl.reading.windows import Window, offered, unit
from napari_medssl.shortcuts import shortcut
from napari_medssl.widgets.parts import button, label
from napari_medssl.widgets.read_target import known_of
from napari_medssl.widgets.reading.windowing import set_window, window_of

if TYPE_CHECKING:
    from napari.layers import Image

_COLUMNS = 3
_MOST = 1e9


class WindowBox(QWidget):
    """How the grey values of the image are shown.

    Signals
    -------
    typed
        Width or level was set by hand.
    """

    typed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layer: Image | None = None
        self._windows: list[Window] = []
        self._chosen: str | None = None
        self._buttons: list[QPushButton] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        self.width_box, self.level_box = _number("Width"), _number("Level")
        self.width_box.setMinimum(0.0)
        self.unit = label("", "caption")
        self.hint = label("Ctrl-drag the image: sideways width, up and down level", "caption")
        self.colours = label("A colour image: it is shown as it is.", "hint")
        numbers = QHBoxLayout()
        numbers.setSpacing(5)
        for words, box in (("Width", self.width_box), ("Level", self.level_box)):
            numbers.addWidget(label(words, "caption"))
            numbers.addWidget(box, 1)
            box.valueChanged.connect(self._on_typed)
        numbers.addWidget(self.unit)
        self._grey = QWidget()
        column = QVBoxLayout(self._grey)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addLayout(self._grid)
        column.addLayout(numbers)
        column.addWidget(self.hint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        title = QHBoxLayout()
        title.addWidget(label("Window", "heading"))
        title.addStretch(1)
        title.addWidget(label(f"next  {shortcut('next_window').printed}", "caption"))
        layout.addLayout(title)
        layout.addWidget(self._grey)
        layout.addWidget(self.colours)

    @property
    def names(self) -> list[str]:
        """What stands on the buttons."""
        return [window.name for window in self._windows]

    def show_layer(self, layer: Image | None) -> None:
        """Offer the windows of an image; the one chosen before stays, where it is offered."""
        same = layer is not None and layer is self._layer
        if self._layer is not None:
            self._layer.events.contrast_limits.disconnect(self.refresh)
        self._layer = layer
        grey = layer is not None and not layer.rgb
        self._grey.setVisible(grey)
        self.colours.setVisible(layer is not None and not grey)
        self._windows = []
        if layer is not None:
            layer.events.contrast_limits.connect(self.refresh)
            if grey:
                data = layer.data[0] if layer.multiscale else layer.data
                self._windows = offered(known_of(layer), data)
        self._fill()
        again = next((w for w in self._windows if w.key == self._chosen), None)
        if same and again is not None:
            self.choose(again)
        elif not same:
            self._chosen = None
        self.refresh()

    def choose(self, window: Window) -> None:
        """Show the image with a window."""
        if self._layer is not None:
            self._chosen = window.key
            set_window(self._layer, window.width, window.level)

    def next(self) -> None:
        """Choose the window after the present one."""
        if not self._windows:
            return
        at = next((i for i, w in enumerate(self._windows) if self._is_shown(w)), -1)
        self.choose(self._windows[(at + 1) % len(self._windows)])

    def refresh(self, _: object = None) -> None:
        """Show the present width and level."""
        layer = self._layer
        if layer is None or layer.rgb:
            return
        width, level = window_of(layer)
        low, high = layer.contrast_limits_range
        fine = np.issubdtype(layer.dtype, np.floating) and high - low < 100
        for box, value in ((self.width_box, width), (self.level_box, level)):
            box.blockSignals(True)
            box.setDecimals(3 if fine else 0)
            box.setSingleStep(0.01 if fine else max(1.0, round(width / 50)))
            box.setValue(value)
            box.blockSignals(False)
        self.unit.setText(unit(known_of(layer)))
        for made, window in zip(self._buttons, self._windows, strict=True):
            made.setChecked(self._is_shown(window))

    def _is_shown(self, window: Window) -> bool:
        if self._layer is None:
            return False
        return bool(np.allclose(window_of(self._layer), (window.width, window.level), rtol=1e-4))

    def _fill(self) -> None:
        for old in self._buttons:
            self._grid.removeWidget(old)
            old.deleteLater()
        self._buttons = []
        for number, window in enumerate(self._windows):
            made = button(window.name, window.words, partial(self._press, window))
            made.setCheckable(True)
            self._buttons.append(made)
            self._grid.addWidget(made, number // _COLUMNS, number % _COLUMNS)

    def _press(self, window: Window) -> None:
        self.choose(window)
        self.refresh()

    def _on_typed(self) -> None:
        if self._layer is not None:
            self._chosen = None
            set_window(self._layer, self.width_box.value(), self.level_box.value())
            self.typed.emit()


def _number(tooltip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(-_MOST, _MOST)
    box.setToolTip(tooltip)
    box.setKeyboardTracking(False)
    box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    return box
