"""The rare choices of the Lesion maps dock, folded away."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_medssl.lesions.lesions import Lesions
from napari_medssl.shared import Shared
from napari_medssl.widgets.initials import InitialsField
from napari_medssl.widgets.parts import Fold


class Options(Fold):
    """Who labels, whether a label leads to the next image at once, and how long is learned."""

    def __init__(self, lesions: Lesions, shared: Shared) -> None:
        self._lesions = lesions
        content = QWidget()
        self.initials = InitialsField(shared)
        self.go_on = QCheckBox("Go on to the most unsure image after each label")
        self.go_on.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.go_on.toggled.connect(self._set_going_on)
        self.longer = QCheckBox("Learn four times as long")
        self.longer.setToolTip("For small or faint lesions, or where a fit hardly tells them apart")
        self.longer.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.longer.toggled.connect(self._set_longer)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.go_on)
        layout.addWidget(self.longer)
        layout.addWidget(self.initials)
        super().__init__("Advanced", content)

    def _set_going_on(self, go_on: bool) -> None:
        self._lesions.go_on = go_on

    def _set_longer(self, longer: bool) -> None:
        self._lesions.longer = longer
