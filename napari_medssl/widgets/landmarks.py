"""The Landmarks dock: click a point once, see it found in every other image."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from napari import Viewer
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from medssl.errors import Cancelled
from napari_medssl import exports, open_layers, shortcuts
from napari_medssl.engine import CoreEngine, LandmarkEngine, Where
from napari_medssl.sample_cohort import Kind, make_sample
from napari_medssl.session import INSTANT, Session, Status
from napari_medssl.shortcuts import labelled
from napari_medssl.store import Store
from napari_medssl.widgets.canvas import LandmarkCanvas
from napari_medssl.widgets.foot import Foot
from napari_medssl.widgets.landmark_list import LandmarkList
from napari_medssl.widgets.parts import Chip, ElidedLabel, Fold, button, label, rule
from napari_medssl.widgets.review import ReviewList, point_tip, point_words
from napari_medssl.widgets.style import sheet
from napari_medssl.worker import Worker

if TYPE_CHECKING:
    from qtpy.QtWidgets import QBoxLayout

    from medssl.progress import Progress

_LOG = logging.getLogger(__name__)
_DEVICES = {"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA", "mps": "Apple GPU"}


class LandmarksWidget(QWidget):
    """One-click landmarks in a cohort of images.

    Parameters
    ----------
    napari_viewer
        The viewer whose canvas is clicked.
    engine
        The heavy part; medssl's own core unless a test brings another.
    """

    def __init__(self, napari_viewer: Viewer, engine: LandmarkEngine | None = None) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._work, self._disk = Worker("engine", self), Worker("store", self)
        self._display = Worker("display", self)
        self._store = Store()
        self.session = Session(
            engine if engine is not None else CoreEngine(),
            self._store,
            self._work,
            self._disk,
            self._display,
        )
        self.canvas = LandmarkCanvas(napari_viewer, self)
        self._build()
        self._connect()
        self._release_keys = shortcuts.bind(napari_viewer, self._actions())
        self._restyle()
        self._refresh_all()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Width of the dock."""
        return QSize(360, 640)

    # --- parts

    def _build(self) -> None:
        self.setMinimumWidth(320)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 10)
        layout.setSpacing(8)
        layout.addLayout(self._build_head())
        layout.addWidget(rule())
        self._empty = self._build_empty()
        self._body = self._build_body()
        layout.addWidget(self._empty, 1)
        layout.addWidget(self._body, 1)
        layout.addLayout(self._build_action())
        layout.addWidget(rule())
        self.foot = Foot(self.session.cancel)
        layout.addWidget(self.foot)

    def _build_head(self) -> QBoxLayout:
        self.model_chip = Chip("Model that compares the images")
        self.device_chip = Chip("Where it is computed")
        self.cohort_chip = Chip("Images to work on")
        self.model_chip.set_entries(
            [
                ("Instant (no training needed)", lambda: self.session.set_model(INSTANT)),
                None,
                ("Model or run folder…", self._choose_model),
            ]
        )
        self.device_chip.set_entries(
            [(words, self._device_setter(key)) for key, words in _DEVICES.items()]
        )
        self.cohort_chip.set_entries(
            [
                ("Open a folder…", self._choose_folder),
                ("Use the open layers", self._use_layers),
                None,
                ("Sample: chest phantoms", lambda: self._open_sample("chest")),
                ("Sample: volume phantoms", lambda: self._open_sample("volume")),
            ]
        )
        row = QHBoxLayout()
        row.setSpacing(5)
        for chip in (self.model_chip, self.device_chip, self.cohort_chip):
            row.addWidget(chip)
        row.addStretch(1)
        return row

    def _build_empty(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(4, 10, 4, 0)
        layout.setSpacing(8)
        layout.addStretch(1)
        layout.addWidget(label("No images yet", "title"))
        layout.addWidget(
            label(
                "Open a folder of X-rays, ultrasound, CT or MR. Click a point once in one image, "
                "and it is found in all the others.",
                "hint",
            )
        )
        layout.addWidget(
            button("Use the open layers", "Work on the images open in napari", self._use_layers)
        )
        self.sample_button = button(
            "Try the sample",
            "Make a small cohort of chest phantoms",
            lambda: self._open_sample("chest"),
        )
        layout.addWidget(self.sample_button)
        layout.addStretch(2)
        return page

    def _build_body(self) -> QWidget:
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        self.list = LandmarkList(self._add_landmark)
        layout.addWidget(self.list)
        self.place_button = button(
            "", "Click the current landmark in the image", self._toggle_placing
        )
        self.place_button.setCheckable(True)
        layout.addWidget(self.place_button)
        layout.addWidget(rule())
        row = QHBoxLayout()
        self.case_label = ElidedLabel()
        self.case_label.setObjectName("heading")
        self.point_label = label("", "caption")
        row.addWidget(self.case_label, 1)
        row.addWidget(self.point_label)
        layout.addLayout(row)
        steps = QHBoxLayout()
        steps.setSpacing(4)
        session = self.session
        self.previous_button = button("◀  J", "Previous image", lambda: session.step(-1))
        self.accept_button = button(
            labelled("Accept", "accept"), "It is right as found; go on", session.accept
        )
        self.check_button = button(
            labelled("Next to check", "next_to_check"),
            "Go to the least sure point that nobody has checked",
            session.next_to_check,
        )
        self.next_button = button("K  ▶", "Next image", lambda: session.step(1))
        steps.addWidget(self.previous_button)
        steps.addWidget(self.accept_button, 1)
        steps.addWidget(self.check_button, 1)
        steps.addWidget(self.next_button)
        layout.addLayout(steps)
        self.review = ReviewList()
        layout.addWidget(self.review, 1)
        layout.addWidget(self._build_advanced())
        return body

    def _build_advanced(self) -> QWidget:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 0, 0, 0)
        layout.setSpacing(4)
        self.map_box = QCheckBox(labelled("Show where it looks alike", "similarity"))
        self.map_box.setChecked(True)
        self.map_box.toggled.connect(self.session.set_show_similarity)
        self.at_once_box = QCheckBox("Find again after every click")
        self.at_once_box.setToolTip("Switch it off for very large cohorts, then press Find")
        self.at_once_box.setChecked(True)
        self.at_once_box.toggled.connect(self._set_find_at_once)
        for box in (self.map_box, self.at_once_box):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(box)
        return Fold("Advanced", content)

    def _build_action(self) -> QBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(6)
        self.primary = button("", "", self._primary, "primary")
        column.addWidget(self.primary)
        row = QHBoxLayout()
        row.setSpacing(5)
        self.undo_button = button(labelled("Undo", "undo"), "Undo (also Ctrl+Z)", self.session.undo)
        self.redo_button = button(
            labelled("Redo", "redo"), "Redo (also Ctrl+Shift+Z)", self.session.redo
        )
        self.export_button = button("Export… ▾", "Write all points to a file", lambda: None)
        menu = QMenu(self.export_button)
        menu.addAction("Table, all images (CSV)…").triggered.connect(self._export_csv)
        menu.addAction("3D Slicer, one file an image (.mrk.json)…").triggered.connect(
            self._export_markups
        )
        self.export_button.setMenu(menu)
        self._secondary = (self.undo_button, self.redo_button, self.export_button)
        row.addWidget(self.undo_button)
        row.addWidget(self.redo_button)
        row.addStretch(1)
        row.addWidget(self.export_button)
        column.addLayout(row)
        return column

    def _connect(self) -> None:
        session, canvas = self.session, self.canvas
        session.status_changed.connect(self.foot.say)
        session.state_changed.connect(self._refresh_state)
        session.images_changed.connect(self._refresh_all)
        session.landmarks_changed.connect(self._refresh_landmarks)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh_points)
        session.points_changed.connect(self._later.start)
        session.case_changed.connect(self._refresh_case)
        session.image_changed.connect(self._show_image)
        session.similarity_changed.connect(self._show_similarity)
        canvas.placed.connect(self._on_placed)
        canvas.deleted.connect(session.delete_point)
        canvas.armed_changed.connect(self._refresh_placing)
        self.list.selected.connect(self._select_landmark)
        self.list.removed.connect(session.remove_landmark)
        self.list.renamed.connect(session.rename_landmark)
        self.review.chosen.connect(session.go_to)
        self._work.progressed.connect(self.foot.progress)
        self._work.busy_changed.connect(self.foot.set_busy)
        self._viewer.events.theme.connect(self._restyle)

    def _actions(self) -> dict[str, Callable[[], object]]:
        session = self.session
        return {
            "place": self._toggle_placing,
            "find": session.find_all,
            "accept": session.accept,
            "next_to_check": session.next_to_check,
            "previous": lambda: session.step(-1),
            "next": lambda: session.step(1),
            "previous_landmark": lambda: self._step_landmark(-1),
            "next_landmark": lambda: self._step_landmark(1),
            "similarity": self.map_box.toggle,
            "undo": session.undo,
            "redo": session.redo,
        }

    # --- what a person does

    def open_folder(self, folder: Path) -> None:
        """Open a folder of images."""
        self.session.open_images(folder)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Open a folder of images")
        if chosen:
            self.open_folder(Path(chosen))

    def _choose_model(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a model folder or a run folder")
        if chosen:
            self.session.set_model(Path(chosen))

    def _device_setter(self, device: str) -> Callable[[], None]:
        return lambda: self.session.set_device(device)

    def _use_layers(self) -> None:
        """Work on the image layers that are open in napari; those without a file are saved."""
        layers = open_layers.usable(self._viewer, self.canvas)
        if not layers:
            self.foot.say(
                Status("error", "There is no open image layer. Open a folder, or try the sample.")
            )
            return
        self._take(lambda _: open_layers.to_files(layers), "Taking over the open layers")

    def _open_sample(self, kind: Kind) -> None:
        """Make a cohort of phantoms, or take the one made before, and open it."""
        self._take(lambda progress: make_sample(kind, progress), "Making phantoms")

    def _take(self, task: Callable[[Progress], Where], words: str) -> None:
        """Get images in the background and open them."""
        self.foot.say(Status("busy", words))

        def taken(where: Where) -> None:
            self.canvas.hide_others()
            self.session.open_images(where)

        def failed(error: BaseException) -> None:
            if isinstance(error, Cancelled):
                self.foot.say(Status("info", "Stopped."))
            else:
                self.foot.say(Status("error", str(error)))

        self._work.submit(task, taken, failed)

    def _primary(self) -> None:
        if self.session.sources:
            self.session.find_all()
        else:
            self._choose_folder()

    def _add_landmark(self, name: str) -> bool:
        added = self.session.add_landmark(name)
        if added:
            self._give_keyboard_to_image()
            self.canvas.arm(True)
        return added

    def _select_landmark(self, name: str) -> None:
        self.session.select_landmark(name)
        if self.session.point is not None:
            self.canvas.look_at(self.session.point)

    def _step_landmark(self, step: int) -> None:
        self.session.step_landmark(step)
        if self.session.point is not None:
            self.canvas.look_at(self.session.point)

    def _toggle_placing(self) -> None:
        if self.session.landmark is None:
            self.list.name.setFocus()
            self.foot.say(Status("info", "Name a landmark first, then click it in the image."))
            return
        self._give_keyboard_to_image()
        self.canvas.arm(not self.canvas.armed)
        self._refresh_placing()

    def _on_placed(self, landmark: str, point_vox: tuple[float, ...]) -> None:
        placed = self.session.place(point_vox, landmark or None)
        if placed:
            self.canvas.arm(False)
        else:
            self._later.start()

    def _set_find_at_once(self, on: bool) -> None:
        self.session.find_at_once = on

    def _export_csv(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export points", "landmarks.csv", "CSV (*.csv)")
        if path:
            self.session.export(exports.csv_writer(Path(path), self.session))

    def _export_markups(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the Slicer files")
        if folder:
            self.session.export(exports.markups_writer(Path(folder), self.session))

    def _give_keyboard_to_image(self) -> None:
        focused = self.window().focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            focused.clearFocus()

    # --- what is shown

    def _refresh_all(self) -> None:
        self._refresh_landmarks()
        self._refresh_case()
        self.foot.show_problems(self.session.problems)
        self._refresh_state()

    def _refresh_state(self) -> None:
        session = self.session
        some = bool(session.sources)
        self._empty.setVisible(not some)
        self._body.setVisible(some)
        model = "Instant" if session.model == INSTANT else Path(session.model).name
        self.model_chip.set_words(model)
        device = session.ready.device if session.ready is not None else _DEVICES[session.device]
        self.device_chip.set_words(device)
        words = f"{session.name} · {len(session.sources)}" if some else "No images"
        self.cohort_chip.set_words(words)
        for one in self._secondary:
            one.setVisible(some)
        if some:
            self.primary.setText(labelled("Find in all images", "find"))
            self.primary.setEnabled(session.can_find)
            self.primary.setToolTip("Look for every landmark that you clicked in all images")
        else:
            self.primary.setText("Open a folder…")
            self.primary.setEnabled(True)
            self.primary.setToolTip("A folder with images; subfolders are searched too")
        self.export_button.setEnabled(bool(session.points))

    def _refresh_landmarks(self) -> None:
        session = self.session
        counts = {name: session.counts(name) for name in session.landmarks}
        self.list.show_landmarks(session.landmarks, session.landmark, counts)
        self._refresh_placing()

    def _refresh_points(self) -> None:
        self._refresh_landmarks()
        self._refresh_review()
        self._show_points()
        self._refresh_state()

    def _refresh_review(self) -> None:
        case = self.session.case
        key = None if case is None else case.key
        self.review.show_review(self.session.sources, self.session.review(), key)
        self._refresh_point_words()

    def _refresh_case(self) -> None:
        session = self.session
        case = session.case
        if case is not None:
            n = len(session.sources)
            self.case_label.set_words(f"Image {session.index + 1} of {n} · {case.name}")
        self._refresh_review()

    def _refresh_point_words(self) -> None:
        session = self.session
        point = session.point
        self.point_label.setText("" if session.landmark is None else point_words(point))
        self.point_label.setToolTip(point_tip(point))
        self.accept_button.setEnabled(point is not None and point.source == "predicted")
        self.check_button.setEnabled(any(p.needs_a_look for p in session.review()))

    def _refresh_placing(self) -> None:
        landmark = self.session.landmark
        self.place_button.setVisible(landmark is not None)
        self.place_button.setChecked(self.canvas.armed)
        if self.canvas.armed:
            words = f"Click {landmark} in the image   Esc to stop"
        else:
            words = labelled(f"Place {landmark}", "place")
        self.place_button.setText(words)

    def _show_image(self) -> None:
        if self.session.image is not None:
            armed = self.canvas.armed
            self.canvas.show_image(self.session.image)
            self.canvas.arm(armed)
            if self.session.point is not None:
                self.canvas.look_at(self.session.point)
            if self.session.similarity is not None:
                self._show_similarity()
            self._later.start()

    def _show_points(self) -> None:
        if self.session.image is not None:
            self.canvas.show_points(self.session.points_here(), self.session.landmarks)

    def _show_similarity(self) -> None:
        found = self.session.similarity
        if found is None or self.session.image is None:
            self.canvas.show_similarity("", None)
        else:
            self.canvas.show_similarity(found[0], (found[1], found[2]))

    def _restyle(self) -> None:
        self.setStyleSheet(sheet(self._viewer))

    def close_session(self) -> None:
        """Let go of the viewer and end the threads; what was clicked is written first."""
        self._release_keys()
        self._viewer.events.theme.disconnect(self._restyle)
        self._work.close()
        self._display.close()
        self._disk.submit(lambda _: self._store.close(), lambda _: None, lambda _: None)
        self._disk.finish()
        self.canvas.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """End the session with the dock."""
        self.close_session()
        super().closeEvent(event)
