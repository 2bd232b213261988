"""The Pretraining dock: learn from unlabelled images in the background, and follow it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari import Viewer
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut, QShowEvent
from qtpy.QtWidgets import QFileDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_medssl import shortcuts
from napari_medssl.session.status import Status
from napari_medssl.shared import shared_state
from napari_medssl.shortcuts import labelled
from napari_medssl.training import Training
from napari_medssl.training.engine import CoreTraining, TrainingEngine
from napari_medssl.training.threads import TrainingThreads
from napari_medssl.training.words import state_words, status_line
from napari_medssl.widgets.dock_frame import DockFrame, column
from napari_medssl.widgets.empty_page import EmptyPage
from napari_medssl.widgets.foot import Foot
from napari_medssl.widgets.opener import Opener
from napari_medssl.widgets.parts import button
from napari_medssl.widgets.pretraining.closing import Answer, ClosingQuestion
from napari_medssl.widgets.pretraining.head import Head
from napari_medssl.widgets.pretraining.preview_layers import PreviewLayers
from napari_medssl.widgets.pretraining.run_page import RunPage
from napari_medssl.widgets.pretraining.runs_list import RunsList
from napari_medssl.widgets.pretraining.setup_page import SetupPage
from napari_medssl.widgets.style import colours
from napari_medssl.widgets.tabs import main_window_of

if TYPE_CHECKING:
    from medssl.runs import RunStatus

LOOK_MS = 400
LOOK_AT_REST_MS = 2000
LIST_MS = 5000
_HINT = (
    "Open a folder of images of one body part and view. They need no labels: what is learned from "
    "them finds landmarks and structures better than Instant does. It runs in the background, and "
    "goes on when napari is closed."
)


class PretrainingWidget(DockFrame):
    """Learns from unlabelled images: choose, start, follow, use.

    Parameters
    ----------
    napari_viewer
        The viewer that shows the preview.
    engine
        The heavy part; medssl's own core unless a test brings another.
    """

    def __init__(self, napari_viewer: Viewer, engine: TrainingEngine | None = None) -> None:
        super().__init__(napari_viewer)
        self._shared = shared_state(napari_viewer)
        self.threads = threads = TrainingThreads()
        self.training = Training(
            engine if engine is not None else CoreTraining(),
            threads.images,
            threads.work,
            threads.control,
            threads.follow,
        )
        self.previews = PreviewLayers(napari_viewer)
        self.opener = Opener(napari_viewer, self.previews, self.training, threads.images, self)
        self._question: ClosingQuestion | None = None
        self._build()
        self._connect()
        self.destroyed.connect(lambda: threads.end())
        self._restyle()
        self._refresh_run()
        self.training.prepare()
        threads.work.submit(lambda _: _import_plots(), lambda _: self._build_plot(), self._no_plot)
        self._clock.start(LOOK_MS)
        self._lister.start(LIST_MS)

    # --- parts

    def _build(self) -> None:
        training = self.training
        self.head, self.empty = Head(training, self._shared), EmptyPage(_HINT)
        self.setup, self.run_page = SetupPage(training), RunPage(training)
        self.runs = RunsList(training)
        self.primary = button("", "", self._primary, "primary")
        self.foot = Foot(self.threads.images.cancel)
        self.scroll = QScrollArea()
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        pages = QVBoxLayout(body)
        pages.setContentsMargins(0, 0, 0, 0)
        for page in (self.empty, self.setup, self.run_page):
            pages.addWidget(page)
        pages.addStretch(1)
        self.scroll.setWidget(body)
        self.stack(self.head, (self.scroll,), column(self.primary, self.runs), self.foot)
        self._clock, self._lister = QTimer(self), QTimer(self)

    def _connect(self) -> None:
        training = self.training
        training.status_changed.connect(self.foot.say)
        for signal in (training.images_changed, training.choice_changed, training.run_changed):
            signal.connect(self._refresh_run)
        training.devices_changed.connect(self.head.refresh)
        training.schemas_changed.connect(self.setup.show_schemas)
        training.outlook_changed.connect(self.setup.show_outlook)
        training.known.changed.connect(self._refresh_run)
        training.snapshot_changed.connect(self._refresh_snapshot)
        training.known.compared_changed.connect(self.run_page.show_curves)
        self._shared.images_changed.connect(self.head.refresh)
        self._shared.owners.add(self.previews)
        self._clock.timeout.connect(self._look)
        self._lister.timeout.connect(training.known.refresh)
        self.runs.chosen.connect(training.attach)
        self.run_page.preview.toggled.connect(lambda _: self._refresh_preview())
        for asking in (self.head, self.empty):
            asking.layers_wanted.connect(self.opener.use_layers)
            asking.sample_wanted.connect(self.opener.open_sample)
        self.head.run_wanted.connect(self._choose_run)
        self.head.folder_wanted.connect(self.opener.choose_folder)
        self.opener.said.connect(self.foot.say)
        self.threads.images.progressed.connect(self.foot.progress)
        self.threads.images.busy_changed.connect(self.foot.set_busy)
        self._release_keys = shortcuts.bind(
            self._viewer, {"start": self._primary_by_key}, shortcuts.PRETRAINING
        )
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            key = QShortcut(QKeySequence(keys), self)
            key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            key.activated.connect(self._primary_by_key)

    # --- what a person does

    def open_folder(self, folder: Path) -> None:
        """Take a folder of images to learn from."""
        self.training.open_images(folder)

    def use_model(self) -> None:
        """Let the other docks of this viewer use what was learned."""
        model = self.training.model
        if model is not None:
            self._shared.use_model(model)
            words = "The Landmarks dock uses this model now, and when you open it."
            self.foot.say(Status("done", words))

    def _choose_run(self) -> None:
        """Ask for a run that lies elsewhere, one of the command line for example."""
        chosen = QFileDialog.getExistingDirectory(self, "Open a run folder")
        if chosen:
            self.training.attach_folder(Path(chosen))

    def _primary(self) -> None:
        training = self.training
        if training.run is None:
            if training.images is None:
                self.opener.choose_folder()
            else:
                training.start()
                self._refresh_primary()
        elif training.model is not None:
            self.use_model()
        else:
            training.resume()

    def _primary_by_key(self) -> None:
        if self.primary.isVisible() and self.primary.isEnabled():
            self._primary()

    # --- what is shown

    def _look(self) -> None:
        """Ask for news of the run, less often when it rests."""
        self.training.look()
        resting = self.training.snapshot is not None and not self.training.active
        wanted = LOOK_AT_REST_MS if resting and self.training.asked is None else LOOK_MS
        if self._clock.interval() != wanted:
            self._clock.setInterval(wanted)

    def _refresh_run(self) -> None:
        training = self.training
        problems = () if training.images is None else training.images.problems
        self.foot.show_problems(() if training.run is not None else problems)
        following, some = training.run is not None, training.images is not None
        self.empty.setVisible(not following and not some)
        self.setup.setVisible(not following and some)
        self.run_page.setVisible(following)
        self.head.refresh()
        self.setup.refresh()
        self._refresh_snapshot()

    def _refresh_snapshot(self) -> None:
        training = self.training
        self.run_page.refresh()
        self.run_page.show_curves()
        self.runs.refresh()
        self._refresh_primary()
        self._refresh_preview()
        snapshot = training.snapshot
        if snapshot is None:
            return
        self._clock.setInterval(LOOK_MS)
        status = snapshot.status
        if snapshot.gone:
            words = "The folder of this run is gone: it was deleted or moved, or its drive left."
            self.foot.say(Status("error", words))
        elif status.state in ("failed", "lost"):
            self.foot.say(Status("error", status.message or status_line(status)))
        else:
            words = _foot_words(status)
            self.foot.say(Status("busy" if training.active else "done", words))

    def _refresh_primary(self) -> None:
        training = self.training
        words, tip = "Start", "Learn from these images in the background"
        enabled = training.can_start
        if training.run is None and training.images is None:
            words, tip = "Open a folder…", "A folder with images; subfolders are searched too"
            enabled = True
        elif training.run is not None:
            state = None if training.snapshot is None else training.snapshot.status.state
            gone = training.snapshot is not None and training.snapshot.gone
            if training.model is not None:
                words, tip, enabled = "Use this model", "In the Landmarks dock", True
            else:
                words, tip = "Resume", "Go on from where it was saved"
                able = state in ("paused", "stopped", "failed", "lost") and not gone
                enabled = able and training.asked is None
        self.primary.setText(words if words.endswith("…") else labelled(words, "start"))
        self.primary.setToolTip(tip)
        self.primary.setEnabled(enabled)
        self.primary.setVisible(training.run is None or enabled)

    def _refresh_preview(self) -> None:
        snapshot = self.training.snapshot
        if self.training.run is None or not self.run_page.preview.isChecked():
            self.previews.remove()
        elif snapshot is not None and snapshot.preview is not None:
            self.previews.show(snapshot.preview)
        elif snapshot is not None and not snapshot.behind:
            self.previews.remove()  # those of the run that was looked at before

    def _build_plot(self) -> None:
        self.run_page.curves.build()
        self.run_page.show_curves()

    def _no_plot(self, error: BaseException) -> None:
        self.foot.say(Status("error", f"The curves cannot be drawn ({error})."))

    def _restyle(self) -> None:
        super()._restyle()
        text, back = colours(self._viewer)
        self.run_page.curves.restyle(text, back)

    # --- end

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Ask before the window that the dock lies in is closed with a run going on."""
        super().showEvent(event)
        if self._question is None and not self._closed:
            window = main_window_of(self)
            if window is not None:
                self._question = ClosingQuestion(window, self._running_words, self._obey)

    def _running_words(self) -> str:
        at_work = self.training.at_work()
        if at_work is None:
            return ""
        run, status = at_work
        known = self.training.known.named(run)
        name = run.name if known is None else f"{known.name} · {known.method}"
        return f"“{name}” goes on: {status_line(status).lower()}."

    def _obey(self, answer: Answer) -> None:
        at_work = self.training.at_work()
        if at_work is not None and answer in ("stop", "kill"):
            self.training.attach(at_work[0])
            act = self.training.stop if answer == "stop" else self.training.kill
            act()

    def _let_go(self) -> None:
        """Let go of the viewer and end the threads; the run goes on."""
        self._clock.stop()
        self._lister.stop()
        self._release_keys()
        if self._question is not None:
            self._question.end()
        self.threads.end()
        self.previews.close()


def _import_plots() -> None:
    import napari_medssl.widgets.pretraining.axes  # noqa: F401 - here, and not in the window's thread


def _foot_words(status: RunStatus) -> str:
    state, words = status.state, status_line(status)
    if state == "done":
        return "Done. Use this model in the Landmarks dock."
    if state == "stopped":
        return f"{words}. It was saved; Resume goes on from there."
    if state == "paused":
        return f"{words}. It was saved and waits."
    if state in ("running", "starting", "queued"):
        return f"{state_words(state)}. You can go on working, or close napari."
    return words
