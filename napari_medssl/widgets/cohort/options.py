"""The rare choices of the Cohort dock, folded away."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.shared import Shared
from napari_medssl.widgets.initials import InitialsField
from napari_medssl.widgets.parts import Fold


class Options(Fold):
    """Which case is the most useful one, who clicks, whether images are copied."""

    def __init__(self, browser: CohortBrowser, shared: Shared) -> None:
        self._browser = browser
        content = QWidget()
        self.useful = QComboBox()
        self.useful.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.useful.setAccessibleName("Next most useful case")
        self.useful.addItem("whose answer helps most", "helps most")
        self.useful.addItem("the least sure", "least sure")
        self.useful.addItem("the most different from those done", "most different")
        self.useful.setToolTip(
            "<p>Helps most: unsure, and alike to many that are unsure too. "
            "Most different: looks least like those that are annotated already.</p>"
        )
        self.useful.currentIndexChanged.connect(self._choose)
        self.initials = InitialsField(shared)
        self.copy_images = QCheckBox("Copy images into the cohort at import")
        self.copy_images.setToolTip("Else they are referred to where they lie")
        self.copy_images.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.copy_images.toggled.connect(self._copy)
        row = QHBoxLayout()
        row.addWidget(QLabel("Next"))
        row.addWidget(self.useful, 1)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.initials)
        layout.addWidget(self.copy_images)
        super().__init__("Advanced", content)

    def _choose(self) -> None:
        self._browser.set_usefulness(self.useful.currentData())

    def _copy(self, copy: bool) -> None:
        self._browser.copy_images = copy
