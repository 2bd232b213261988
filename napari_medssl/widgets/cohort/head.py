"""Head of the Cohort dock: which cohort, open another, import into it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.widgets.parts import Chip, button


class Head(QWidget):
    """A chip that names the cohort, and the two ways to bring images in.

    Signals
    -------
    open_wanted, import_wanted, layers_wanted
        A person wants to open a cohort or folder, import a tree, or use the open layers.
    sample_wanted
        Kind of the sample that a person wants: ``chest`` or ``volume``.
    """

    open_wanted = Signal()
    import_wanted = Signal()
    layers_wanted = Signal()
    sample_wanted = Signal(str)

    def __init__(self, browser: CohortBrowser) -> None:
        super().__init__()
        self._browser = browser
        self.cohort = Chip("Cohort that is open")
        self.cohort.set_entries(
            [
                ("Open a cohort or a folder…", self.open_wanted.emit),
                ("Use the open layers", self.layers_wanted.emit),
                None,
                ("Sample: chest phantoms", lambda: self.sample_wanted.emit("chest")),
                ("Sample: volume phantoms", lambda: self.sample_wanted.emit("volume")),
            ]
        )
        self.open = button(
            "Open…", "A cohort (name.medssl) or a folder of images", self.open_wanted.emit
        )
        self.bring_in = button(
            "Import DICOM…",
            "Take the images of a DICOM tree, or any folder, into the cohort",
            self.import_wanted.emit,
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(self.cohort)
        row.addStretch(1)
        row.addWidget(self.open)
        row.addWidget(self.bring_in)

    def refresh(self) -> None:
        """Show what is open."""
        browser = self._browser
        if browser.contents is None:
            self.cohort.set_words("No cohort")
            self.cohort.setToolTip("Cohort that is open")
        else:
            self.cohort.set_words(f"{browser.name} · {len(browser.cases)}", 128)
            self.cohort.setToolTip(f"Cohort that is open: {browser.path}")
        self.bring_in.setEnabled(not browser.importing)
