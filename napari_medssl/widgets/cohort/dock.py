"""The Cohort dock: all cases as table or gallery, and their review."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari import Viewer
from qtpy.QtCore import QTimer
from qtpy.QtGui import QColor, QHideEvent, QShowEvent
from qtpy.QtWidgets import QFileDialog

from napari_medssl import shortcuts
from napari_medssl.cohorts import CohortBrowser
from napari_medssl.cohorts.exporting import ExportKind
from napari_medssl.cohorts.picture_queue import PictureQueue
from napari_medssl.cohorts.threads import CohortThreads
from napari_medssl.shared import shared_state
from napari_medssl.widgets.cohort.action_bar import ActionBar
from napari_medssl.widgets.cohort.filter_bar import FilterBar
from napari_medssl.widgets.cohort.head import Head
from napari_medssl.widgets.cohort.model import CaseModel
from napari_medssl.widgets.cohort.options import Options
from napari_medssl.widgets.cohort.own_stage import OwnStage
from napari_medssl.widgets.cohort.pixmaps import Pixmaps
from napari_medssl.widgets.cohort.review_panel import ReviewPanel
from napari_medssl.widgets.cohort.sharing import Sharing
from napari_medssl.widgets.cohort.views import CaseViews
from napari_medssl.widgets.dock_frame import DockFrame, column
from napari_medssl.widgets.empty_page import EmptyPage
from napari_medssl.widgets.export_menu import ask_place
from napari_medssl.widgets.foot import Foot
from napari_medssl.widgets.opener import Opener
from napari_medssl.widgets.style import colours

LOOK_MS = 1500
_NOTHING = (
    "No cohort yet",
    "A cohort keeps what you and the models say about a set of images. Open one (name.medssl) or "
    "a folder of images, or import a DICOM tree. You see all cases here, the least sure first.",
    True,
)
_EMPTY = (
    "No cases yet",
    "This cohort is empty. Import a DICOM tree, or any folder of images.",
    False,
)
_COMING = (
    "The images come in",
    "Each case shows here as soon as it is stored. Cancel stops, and keeps those that are in.",
    False,
)


class CohortWidget(DockFrame):
    """All cases of a cohort: see, sort, filter, open, and review them.

    Parameters
    ----------
    napari_viewer
        The viewer that shows the current case.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer)
        self._shared = shared_state(napari_viewer)
        self.threads = threads = CohortThreads()
        self.browser = CohortBrowser(
            threads.disk, threads.importing, threads.display, threads.refining
        )
        self.queue = PictureQueue(threads.pictures)
        self.stage = OwnStage(napari_viewer, self.browser, self)
        self.opener = Opener(napari_viewer, self.stage, self.browser, threads.importing, self)
        self._path: Path | None = None
        self._build()
        self._connect()
        self._release_keys = shortcuts.bind(napari_viewer, self._actions(), shortcuts.COHORT)
        close = self.browser.close
        self.destroyed.connect(lambda: threads.end(close))
        self._restyle()
        self.sharing = Sharing(self.browser, self._shared, self.stage)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Open as a tab beside the other docks of ours."""
        super().showEvent(event)
        self._shared.see_gallery(True)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Tell that the gallery is not seen."""
        super().hideEvent(event)
        self._shared.see_gallery(False)

    # --- parts

    def _build(self) -> None:
        browser = self.browser
        self.head, self.empty = Head(browser), EmptyPage()
        self.filters, self.model = FilterBar(browser), CaseModel()
        self.pixmaps = Pixmaps(self.queue)
        self.views = CaseViews(self.model, self.pixmaps)
        self.panel, self.options = ReviewPanel(browser), Options(browser, self._shared)
        self.actions_bar, self.foot = ActionBar(browser), Foot(self._stop)
        self.body = column(self.filters, (self.views, 1), self.panel, self.options)
        self.stack(self.head, (self.empty, self.body), self.actions_bar, self.foot)
        self._look = QTimer(self, interval=LOOK_MS)

    def _connect(self) -> None:
        browser = self.browser
        browser.status_changed.connect(self.foot.say)
        browser.cases_changed.connect(self._refresh)
        browser.expected_changed.connect(self.panel.refresh_expected)
        browser.arranged.connect(self._rearrange)
        browser.case_changed.connect(self._refresh_case)
        browser.detail_changed.connect(self._refresh_state)
        browser.image_changed.connect(self._refresh_state)
        browser.import_changed.connect(self._refresh_import)
        self._look.timeout.connect(lambda: browser.reload())
        self.views.chosen.connect(browser.go_to)
        self.views.sort_wanted.connect(self.filters.sort_by)
        self.filters.table_wanted.connect(self.views.show_table)
        for asking in (self.head, self.empty):
            asking.layers_wanted.connect(self.opener.use_layers)
            asking.sample_wanted.connect(self.opener.open_sample)
        for offering in (self.head, self.actions_bar):
            offering.open_wanted.connect(self._choose_cohort)
            offering.import_wanted.connect(self._choose_tree)
        self.actions_bar.export_wanted.connect(self._choose_place)
        self.opener.said.connect(self.foot.say)
        browser.refining_changed.connect(self.actions_bar.refresh)
        for worker in (self.threads.importing, self.threads.refining):
            worker.progressed.connect(self.foot.progress)
            worker.busy_changed.connect(self._refresh_busy)

    def _actions(self) -> dict[str, Callable[[], object]]:
        browser = self.browser
        return {
            "accept_case": browser.accept,
            "reject_case": browser.reject,
            "skip_case": browser.skip,
            "correct_case": browser.correct,
            "next_case": browser.next_useful,
            "refine": browser.refine,
            "undo": browser.undo,
            "redo": browser.redo,
        }

    # --- what a person does

    def open_cohort(self, where: Path) -> None:
        """Open a cohort's folder, or a folder of images."""
        self.browser.open_images(where)

    def import_tree(self, folder: Path) -> None:
        """Take the images of a folder into the cohort."""
        self.browser.import_images([folder])

    def _stop(self) -> None:
        """Stop what runs in the background."""
        self.browser.stop_import()
        self.browser.stop_refining()

    def _choose_cohort(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "Open a cohort (name.medssl) or a folder of images"
        )
        if chosen:
            self.open_cohort(Path(chosen))

    def _choose_tree(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Import the images of a DICOM tree")
        if chosen:
            self.import_tree(Path(chosen))

    def _choose_place(self, kind: ExportKind) -> None:
        place = ask_place(self, kind, self.browser.name)
        if place is not None:
            self.browser.export(kind, place)

    # --- what is shown

    def _refresh(self) -> None:
        browser = self.browser
        if browser.path != self._path:
            self._path = browser.path
            self.queue.use(browser.path)
            self.pixmaps.forget()
        self.pixmaps.make_anew()
        contents = browser.contents
        self.views.gallery.tile.landmarks = () if contents is None else contents.landmarks
        self.views.gallery.tile.scores = browser.scores
        self.filters.refresh()
        self.foot.show_problems(browser.problems, browser.notes)
        self.panel.refresh()
        self._refresh_state()

    def _rearrange(self) -> None:
        self.model.set_cases(self.browser.shown)
        self.actions_bar.refresh()

    def _refresh_case(self) -> None:
        self.views.mark(self.browser.key)
        self._refresh_state()

    def _refresh_state(self) -> None:
        some = bool(self.browser.cases)
        self.empty.setVisible(not some)
        self.empty.set_words(*self._empty_words())
        self.body.setVisible(some)
        self.head.refresh()
        self.panel.refresh_case()
        self.actions_bar.refresh()

    def _empty_words(self) -> tuple[str, str, bool]:
        if self.browser.importing:
            return _COMING
        return _NOTHING if self.browser.contents is None else _EMPTY

    def _refresh_import(self) -> None:
        if self.browser.importing:
            self._look.start()
        else:
            self._look.stop()
        self.foot.show_problems(self.browser.problems, self.browser.notes)
        self._refresh_state()

    def _refresh_busy(self) -> None:
        self.foot.set_busy(self.threads.importing.busy or self.threads.refining.busy)

    def _restyle(self) -> None:
        super()._restyle()
        self.views.gallery.tile.text = QColor(colours(self._viewer)[0])

    # --- end

    def _let_go(self) -> None:
        """Let go of the viewer and end the threads; what was said is written first."""
        self._look.stop()
        self._release_keys()
        self.options.initials.end()
        self.sharing.end()
        self.threads.end(self.browser.close)
        self.stage.end()
