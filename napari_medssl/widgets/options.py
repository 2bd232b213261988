"""The rare choices of the Landmarks dock, folded away."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_medssl.session import Session
from napari_medssl.shared import Shared
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.initials import InitialsField
from napari_medssl.widgets.parts import Fold


class Options(Fold):
    """Whether the similarity map shows, whether each click is looked for at once, who clicks."""

    def __init__(self, session: Session, shared: Shared) -> None:
        self.initials = InitialsField(shared)
        content = QWidget()
        self.similarity = QCheckBox(labelled("Show where it looks alike", "similarity"))
        self.at_once = QCheckBox("Find again after every click")
        self.at_once.setToolTip("Switch it off for very large cohorts, then press Find")
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 0, 0, 0)
        layout.setSpacing(4)
        for box, change in (
            (self.similarity, session.set_show_similarity),
            (self.at_once, session.set_find_at_once),
        ):
            box.setChecked(True)
            box.toggled.connect(change)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(box)
        layout.addWidget(self.initials)
        super().__init__("Advanced", content)
