"""Live curves of a run: every loss over the steps, those of other runs beside them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_medssl.training.follower import Points, is_loss
from napari_medssl.training.words import metric_words
from napari_medssl.widgets.parts import label

if TYPE_CHECKING:
    from pyqtgraph import PlotDataItem, PlotWidget

    from napari_medssl.widgets.pretraining.axes import LossAxis

COLOURS = ("#56b4e9", "#e69f00", "#2fc39a", "#cc79a7", "#f0e442", "#ff8a5c")
_HEIGHT = 210
_MORE = "+"


class CurvesPanel(QWidget):
    """A plot, and below it the names of its curves; a click on a name shows or hides one.

    pyqtgraph is imported late, and elsewhere: call `build` when it is there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.plot: PlotWidget | None = None
        self._axis: LossAxis
        self._lines: dict[str, PlotDataItem] = {}
        self._curves: Mapping[str, Points] = {}
        self._others: Mapping[str, Points] = {}
        self._hidden: set[str] = set()
        self._chosen: set[str] = set()
        self._all_named = False
        self._text, self._back = "#f0f1f2", "#20232a"
        self.log = QCheckBox("Log")
        self.log.setToolTip("Logarithmic axis")
        self.log.setChecked(True)
        self.log.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.log.toggled.connect(lambda _: self._draw())
        self.names = QLabel()
        self.names.setObjectName("legend")
        self.names.setWordWrap(True)
        self.names.setTextFormat(Qt.TextFormat.RichText)
        self.names.setToolTip("Click a name to show or hide its curve")
        self.names.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.names.linkActivated.connect(self._toggle)
        self.waiting = label("The curves appear with the first steps.", "hint")
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.waiting.setFixedHeight(_HEIGHT)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(3)
        self._layout.addWidget(self.waiting)
        below = QHBoxLayout()
        below.addWidget(self.names, 1)
        below.addWidget(self.log, 0, Qt.AlignmentFlag.AlignTop)
        self._layout.addLayout(below)

    def build(self) -> None:
        """Make the plot."""
        import pyqtgraph

        from napari_medssl.widgets.pretraining.axes import LossAxis, StepAxis

        if self.plot is not None:
            return
        self._axis = LossAxis("left")
        axes = {"left": self._axis, "bottom": StepAxis("bottom")}
        self.plot = plot = pyqtgraph.PlotWidget(axisItems=axes)
        plot.setFixedHeight(_HEIGHT)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=False, y=False)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.setAccessibleName("Curves of the losses")
        plot.getPlotItem().setContentsMargins(0, 4, 6, 0)
        self._layout.insertWidget(0, plot)
        self.restyle(self._text, self._back)
        self._draw()

    def restyle(self, text: str, back: str) -> None:
        """Take the colours of the theme."""
        self._text, self._back = text, back
        if self.plot is None:
            return
        self.plot.setBackground(back)
        for side, words in (("left", "loss"), ("bottom", "step")):
            axis = self.plot.getAxis(side)
            axis.setPen(text)
            axis.setTextPen(text)
            axis.setLabel(words, **{"font-size": "11px", "color": text})
        self.plot.showGrid(x=False, y=True, alpha=0.18)
        self._name()

    def show_curves(
        self, curves: Mapping[str, Points], others: Mapping[Path, tuple[str, Points]]
    ) -> None:
        """Show the curves of a run by name, and the losses of other runs by path."""
        self._curves = curves
        self._others = {f"run:{name}": points for name, points in others.values()}
        self._draw()

    def shown(self) -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """Points that are drawn, by the name of their curve."""
        return {name: line.getData() for name, line in self._lines.items()}

    def _all(self) -> dict[str, Points]:
        losses = {name: points for name, points in self._curves.items() if is_loss(name)}
        rest = {name: points for name, points in self._curves.items() if not is_loss(name)}
        return {**losses, **rest, **self._others}

    def _is_shown(self, name: str) -> bool:
        by_itself = is_loss(name) or name.startswith("run:")
        return name not in self._hidden if by_itself else name in self._chosen

    def _draw(self) -> None:
        if self.plot is None:
            return
        import pyqtgraph

        known = self._all()
        self._axis.logarithmic = self.log.isChecked()
        drawn = {name: points for name, points in known.items() if self._is_shown(name)}
        some = any(len(steps) for steps, _ in drawn.values())
        self.plot.setVisible(some)
        self.waiting.setVisible(not some)
        for name in [name for name in self._lines if name not in drawn]:
            self.plot.removeItem(self._lines.pop(name))
        for number, name in enumerate(known):
            if name not in drawn:
                continue
            steps, values = drawn[name]
            if self._axis.logarithmic:
                kept = values > 0
                steps, values = steps[kept], np.log10(values[kept])
            if name not in self._lines:
                self._lines[name] = self.plot.plot(antialias=True)
            style = Qt.PenStyle.DashLine if name.startswith("run:") else Qt.PenStyle.SolidLine
            width = 2.0 if name == "loss" else 1.4
            pen = pyqtgraph.mkPen(self._colour(name, number), width=width, style=style)
            self._lines[name].setData(steps, values, pen=pen)
        self._name()

    def _colour(self, name: str, number: int) -> str:
        return self._text if name == "loss" else COLOURS[(number - 1) % len(COLOURS)]

    def _name(self) -> None:
        """Write the names below the plot; a full disc is shown, a ring is not."""
        words = []
        known = self._all()
        quiet = [name for name in known if not self._is_shown(name) and not is_loss(name)]
        for number, name in enumerate(known):
            if name in quiet and not self._all_named:
                continue
            sign = "●" if self._is_shown(name) else "○"
            sign = "╌" if name.startswith("run:") and sign == "●" else sign
            shown = name.removeprefix("run:") if name.startswith("run:") else metric_words(name)
            words.append(
                f'<a href="{escape(name)}" style="text-decoration:none;color:{self._text}">'
                f'<span style="color:{self._colour(name, number)}">{sign}</span>&nbsp;'
                f"{escape(shown).replace(' ', '&nbsp;')}</a>"
            )
        if quiet:
            more = "fewer" if self._all_named else f"{len(quiet)}&nbsp;more"
            words.append(f'<a href="{_MORE}" style="color:{self._text}">{more}</a>')
        text = "&nbsp; ".join(words)
        if text != self.names.text():
            self.names.setText(text)
        self.log.setVisible(bool(words))

    def _toggle(self, name: str) -> None:
        if name == _MORE:
            self._all_named = not self._all_named
            self._name()
            return
        by_itself = is_loss(name) or name.startswith("run:")
        changed = self._hidden if by_itself else self._chosen
        changed ^= {name}
        self._draw()
