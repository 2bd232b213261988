"""How far the review is, and what was found in the current case."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.widgets.cohort.words import case_tip, detail_words, progress_words, state_words
from napari_medssl.widgets.parts import ElidedLabel, label


class ReviewPanel(QWidget):
    """Progress with the error to expect, and the current case in words."""

    def __init__(self, browser: CohortBrowser) -> None:
        super().__init__()
        self._browser = browser
        self.progress, self.bar = label("", "caption"), QProgressBar()
        self.bar.setTextVisible(False)
        self.expected = label("", "caption")
        self.expected.setToolTip(
            "Mean error of the predictions that wait, judged by how far those that you corrected "
            "or accepted were off; it lies in this range in about nine of ten cohorts"
        )
        self.name, self.state = ElidedLabel(), label("", "caption")
        self.name.setObjectName("heading")
        self.found = ElidedLabel()
        self.found.setObjectName("caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        row = QHBoxLayout()
        row.addWidget(self.name, 1)
        row.addWidget(self.state)
        layout.addWidget(self.progress)
        layout.addWidget(self.bar)
        layout.addWidget(self.expected)
        layout.addLayout(row)
        layout.addWidget(self.found)

    def refresh(self) -> None:
        """Show how far the review is."""
        counts = self._browser.counts()
        self.progress.setText(progress_words(counts))
        self.bar.setRange(0, max(1, counts.total()))
        self.bar.setValue(counts["reviewed"])
        self.refresh_expected()
        self.refresh_case()

    def refresh_expected(self) -> None:
        """Show which error is left in what waits."""
        self.expected.setText(self._browser.expected)
        self.expected.setVisible(bool(self._browser.expected))

    def refresh_case(self) -> None:
        """Show the current case."""
        case = self._browser.case
        if case is None:
            self.name.set_words("Click a case to open it")
            self.state.setText("")
            self.found.set_words("")
            return
        self.name.set_words(case.name)
        self.name.setToolTip(case_tip(case))
        self.state.setText(state_words(case))
        self.found.set_words(detail_words(self._browser.detail))
