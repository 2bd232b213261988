"""The Landmarks dock: click a point once, see it found in every other image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari import Viewer
from qtpy.QtCore import QTimer

from napari_medssl import shortcuts
from napari_medssl.engine import CoreEngine, LandmarkEngine
from napari_medssl.session import Session, Status
from napari_medssl.shared import shared_state
from napari_medssl.shortcuts import labelled
from napari_medssl.store import Store
from napari_medssl.threads import TaskThreads
from napari_medssl.widgets.action_bar import ActionBar
from napari_medssl.widgets.canvas import LandmarkCanvas
from napari_medssl.widgets.case_panel import CasePanel
from napari_medssl.widgets.dock_frame import DockFrame, column
from napari_medssl.widgets.empty_page import EmptyPage
from napari_medssl.widgets.following import Following
from napari_medssl.widgets.foot import Foot
from napari_medssl.widgets.head import Head
from napari_medssl.widgets.landmark_list import LandmarkList
from napari_medssl.widgets.opener import Opener
from napari_medssl.widgets.options import Options
from napari_medssl.widgets.parts import button, rule
from napari_medssl.widgets.protocol.group import ProtocolGroup
from napari_medssl.widgets.review import ReviewList


class LandmarksWidget(DockFrame):
    """One-click landmarks in a cohort of images.

    Parameters
    ----------
    napari_viewer
        The viewer whose canvas is clicked.
    engine
        The heavy part; medssl's own core unless a test brings another.
    """

    def __init__(self, napari_viewer: Viewer, engine: LandmarkEngine | None = None) -> None:
        super().__init__(napari_viewer)
        self.threads = threads = TaskThreads()
        self.session = session = Session(
            engine if engine is not None else CoreEngine(),
            Store(),
            threads.work,
            threads.disk,
            threads.display,
        )
        self.canvas = LandmarkCanvas(napari_viewer, self)
        self.opener = Opener(napari_viewer, self.canvas, session, threads.work, self)
        self._shared = shared_state(napari_viewer)
        self._build()
        self._connect()
        self._release_keys = shortcuts.bind(napari_viewer, self._actions())
        self.destroyed.connect(lambda: threads.end(session.save_rest))
        self._refresh_all()
        self._following = Following(session, self._shared, self._place_next)

    # --- parts

    def _build(self) -> None:
        session = self.session
        self.head, self.empty = Head(session), EmptyPage()
        self.list = LandmarkList(self._add_landmark)
        self.place_button = button(
            "", "Click the current landmark in the image", self._toggle_placing
        )
        self.place_button.setCheckable(True)
        self.case_panel, self.review = CasePanel(session), ReviewList()
        self.options, self.actions_bar = Options(session, self._shared), ActionBar(session)
        self.protocol = ProtocolGroup(session, self.threads.display)
        self.protocol.alternate_with(self.options)
        self.foot = Foot(session.cancel)
        parts = (self.list, self.place_button, rule(), self.case_panel, (self.review, 1))
        self.body = column(*parts, self.protocol, self.options)
        self.stack(self.head, (self.empty, self.body), self.actions_bar, self.foot)

    def _connect(self) -> None:
        session, canvas = self.session, self.canvas
        session.status_changed.connect(self.foot.say)
        session.state_changed.connect(self._refresh_state)
        session.images_changed.connect(self._refresh_all)
        session.landmarks_changed.connect(self._refresh_landmarks)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh_points)
        session.points_changed.connect(self._refresh_soon)
        session.case_changed.connect(self._refresh_review)
        session.image_changed.connect(self._show_image)
        session.similarity_changed.connect(self._show_similarity)
        canvas.placed.connect(self._on_placed)
        canvas.deleted.connect(session.delete_point)
        canvas.armed_changed.connect(self._refresh_placing)
        self.list.selected.connect(self._select_landmark)
        self.list.removed.connect(session.remove_landmark)
        self.list.renamed.connect(session.rename_landmark)
        self.list.renamed.connect(self.protocol.rename_landmark)
        self.review.chosen.connect(session.go_to)
        for asking in (self.head, self.empty):
            asking.layers_wanted.connect(self.opener.use_layers)
            asking.sample_wanted.connect(self.opener.open_sample)
        for offering in (self.head, self.actions_bar):
            offering.folder_wanted.connect(self.opener.choose_folder)
        self.opener.said.connect(self.foot.say)
        self.threads.work.progressed.connect(self.foot.progress)
        self.threads.work.busy_changed.connect(self.foot.set_busy)
        self._shared.owners.add(canvas)

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
            "similarity": self.options.similarity.toggle,
            "undo": session.undo,
            "redo": session.redo,
        }

    # --- what a person does

    def open_folder(self, folder: Path) -> None:
        """Open a folder of images."""
        self.session.open_images(folder)

    def _place_next(self) -> None:
        self._give_keyboard_to_image()
        self.canvas.arm(True)

    def _add_landmark(self, name: str) -> bool:
        added = self.session.add_landmark(name)
        if added:
            self._place_next()
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

    def _give_keyboard_to_image(self) -> None:
        focused = self.window().focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            focused.clearFocus()

    # --- what is shown

    def _refresh_all(self) -> None:
        self._refresh_landmarks()
        self._refresh_review()
        self.foot.show_problems(self.session.problems, self.session.listing_notes)
        self._refresh_state()

    def _refresh_state(self) -> None:
        some = bool(self.session.sources)
        self.empty.setVisible(not some)
        self.body.setVisible(some)
        self._shared.find_landmarks_with(self.session.model)
        self.head.refresh()
        self.actions_bar.refresh()

    def _refresh_landmarks(self) -> None:
        session = self.session
        counts = {name: session.counts(name) for name in session.landmarks}
        self.list.show_landmarks(session.landmarks, session.landmark, counts)
        self._refresh_placing()

    def _refresh_soon(self) -> None:
        """Draw once for all changes of one moment."""
        self._later.start()

    def _refresh_points(self) -> None:
        self._refresh_landmarks()
        self._refresh_review()
        self._show_points()
        self._refresh_state()

    def _refresh_review(self) -> None:
        case = self.session.case
        key = None if case is None else case.key
        self.review.show_review(self.session.sources, self.session.review(), key)
        self.case_panel.refresh()

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
            self.case_panel.refresh()
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

    # --- end

    def _let_go(self) -> None:
        """Let go of the viewer and end the threads; what was clicked is written first."""
        self._release_keys()
        self._following.end()
        self.options.initials.end()
        self.threads.end(self.session.save_rest)
        self.canvas.close()
