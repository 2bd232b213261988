"""The rare choices of the Segmentation dock, folded away."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_medssl.segmenting import Segmenter
from napari_medssl.shared import Shared
from napari_medssl.widgets.initials import InitialsField
from napari_medssl.widgets.parts import Fold

_FEWEST, _MOST = 2, 512


class Options(Fold):
    """How many clusters, whether images have a known way up, who paints.

    Parameters
    ----------
    state
        State of the dock.
    shared
        What the docks of the viewer share.
    """

    def __init__(self, state: Segmenter, shared: Shared) -> None:
        self._state = state
        self.initials = InitialsField(shared)
        content = QWidget()
        self.count = QSpinBox()
        self.count.setRange(_FEWEST - 1, _MOST)
        self.count.setSpecialValueText("as many as hold")
        self.count.setValue(_FEWEST - 1)
        self.count.setToolTip(
            "Clusters (K) to begin with; as many as hold for images not clustered"
        )
        self.count.valueChanged.connect(self._set_count)
        self.upright = QCheckBox("Images have a known way up")
        self.upright.setChecked(True)
        self.upright.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.upright.setToolTip("Switch it off where the place in the image means nothing")
        self.upright.toggled.connect(self._set_upright)
        row = QHBoxLayout()
        row.addWidget(QLabel("Clusters"))
        row.addWidget(self.count)
        row.addStretch(1)
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.upright)
        column.addWidget(self.initials)
        super().__init__("Advanced", content)

    def _set_count(self, count: int) -> None:
        self._state.count = None if count < _FEWEST else count

    def _set_upright(self, upright: bool) -> None:
        self._state.upright = upright
