"""The Segmentation dock: structures without an outline, picked, found everywhere, corrected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from napari import Viewer

from napari_medssl import shortcuts
from napari_medssl.cohorts.exporting import ExportKind
from napari_medssl.colours import colour_of
from napari_medssl.segmenting import Segmenter
from napari_medssl.segmenting.contract import SegmentEngine
from napari_medssl.segmenting.engine import CoreSegmentEngine
from napari_medssl.segmenting.threads import SegmentThreads
from napari_medssl.shared import shared_state
from napari_medssl.widgets.dock_frame import DockFrame, column
from napari_medssl.widgets.empty_page import EmptyPage
from napari_medssl.widgets.export_menu import ask_place
from napari_medssl.widgets.foot import Foot
from napari_medssl.widgets.head import Head
from napari_medssl.widgets.opener import Opener
from napari_medssl.widgets.review import ReviewList
from napari_medssl.widgets.segmentation.action_bar import ActionBar
from napari_medssl.widgets.segmentation.canvas import SegmentCanvas
from napari_medssl.widgets.segmentation.correct_box import CorrectBox
from napari_medssl.widgets.segmentation.following import Following
from napari_medssl.widgets.segmentation.options import Options
from napari_medssl.widgets.segmentation.organ_box import OrganBox
from napari_medssl.widgets.segmentation.shape_box import ShapeBox
from napari_medssl.widgets.segmentation.structure_bar import StructureBar

if TYPE_CHECKING:
    from medssl.geometry import Grid

_HINT = (
    "Open a folder of X-rays, ultrasound, CT or MR. What looks alike is found in all of them; "
    "click what belongs together, and the organ is outlined in every image."
)


class SegmentationWidget(DockFrame):
    """Segmentation of a cohort with next to no outlines.

    Parameters
    ----------
    napari_viewer
        The viewer whose canvas is clicked and painted on.
    engine
        The heavy part; medssl's own core unless a test brings another.
    """

    def __init__(self, napari_viewer: Viewer, engine: SegmentEngine | None = None) -> None:
        super().__init__(napari_viewer)
        self._shared = shared_state(napari_viewer)
        self.threads = threads = SegmentThreads()
        self.state = state = Segmenter(engine or CoreSegmentEngine(), threads)
        self.canvas = SegmentCanvas(napari_viewer, self)
        self.opener = Opener(napari_viewer, self.canvas, state, threads.importing, self)
        self._named: tuple[str, ...] = ()
        self._at: tuple[str | None, Grid] | None = None
        self._build()
        self._connect()
        self._release_keys = shortcuts.bind(napari_viewer, self._actions(), shortcuts.SEGMENTATION)
        close = state.close
        self.destroyed.connect(lambda: threads.end(close))
        self.following = Following(state, self._shared, self.canvas, self.foot.say)
        self._refresh()

    # --- parts

    def _build(self) -> None:
        state = self.state
        self.head, self.empty = Head(state), EmptyPage(_HINT)
        self.structures, self.organs = StructureBar(state), OrganBox(state)
        self.review, self.correct = ReviewList(), CorrectBox(state)
        self.shape = ShapeBox(state)
        self.options, self.actions_bar = Options(state, self._shared), ActionBar(state)
        self.foot = Foot(state.stop)
        parts = (self.structures, self.organs, (self.review, 1), self.correct, self.shape)
        self.body = column(*parts, self.options)
        self.stack(self.head, (self.empty, self.body), self.actions_bar, self.foot)

    def _connect(self) -> None:
        state, canvas = self.state, self.canvas
        state.status_changed.connect(self.foot.say)
        for changed in (state.cases_changed, state.import_changed):
            changed.connect(self._refresh)
        for changed in (state.ready_changed, state.segmenting_changed, state.learning_changed):
            changed.connect(self._refresh_state)
        state.case_changed.connect(self._leave_image)
        state.detail_changed.connect(self._place)
        state.image_changed.connect(self._show_image)
        state.structures_changed.connect(self._show_structures)
        state.level_changed.connect(self._show_level)
        state.organs_changed.connect(self._show_organs)
        state.mask_changed.connect(self._show_mask)
        state.learned.connect(self._show_learned)
        state.stored_changed.connect(self._refresh_review)
        canvas.picked.connect(self._on_picked)
        canvas.painted.connect(state.stroke)
        canvas.taken_back.connect(state.take_back)
        self.review.chosen.connect(state.go_to)
        self.correct.brush_wanted.connect(self._brush)
        self.correct.pick_wanted.connect(canvas.rest_brush)
        for asking in (self.head, self.empty):
            asking.layers_wanted.connect(self.opener.use_layers)
            asking.sample_wanted.connect(self.opener.open_sample)
        for offering in (self.head, self.actions_bar):
            offering.folder_wanted.connect(self.opener.choose_folder)
        self.actions_bar.export_wanted.connect(self._choose_place)
        self.opener.said.connect(self.foot.say)
        for worker in (self.threads.work, self.threads.importing, self.threads.learning):
            worker.busy_changed.connect(self._refresh_busy)
        for worker in (self.threads.work, self.threads.importing):
            worker.progressed.connect(self.foot.progress)
        self.threads.learning.progressed.connect(self._tell_job)

    def _actions(self) -> dict[str, Callable[[], object]]:
        state = self.state
        return {
            "structures": state.find_structures,
            "segment_all": state.segment_all,
            "next_mask": state.next_to_check,
            "undo": state.undo,
            "redo": state.redo,
        }

    # --- what a person does

    def open_folder(self, folder: Path) -> None:
        """Open a folder of images, or a cohort."""
        self.state.open_images(folder)

    def _on_picked(self, cluster: int, out: bool) -> None:
        if out:
            self.state.take_out(cluster)
        else:
            self.state.put_in(cluster)

    def _brush(self, erase: bool) -> None:
        name = self.state.organs.current.name
        self.canvas.brush(name, colour_of(name, self.state.organs.names), erase)
        self.state.expect_stroke()

    def _choose_place(self, kind: ExportKind) -> None:
        place = ask_place(self, kind, self.state.name)
        if place is not None:
            self.state.export(kind, place)

    # --- what is shown

    def _refresh(self) -> None:
        self.foot.show_problems(self.state.problems, self.state.notes)
        self._refresh_review()
        self._refresh_state()

    def _refresh_state(self) -> None:
        some = bool(self.state.cases)
        self.empty.setVisible(not some)
        self.body.setVisible(some)
        self.structures.setVisible(self.state.offers_segmenting)
        self.head.refresh()
        self.structures.refresh()
        self.organs.refresh()
        self.correct.refresh()
        self.shape.refresh()
        self.actions_bar.refresh()

    def _refresh_review(self) -> None:
        state = self.state
        self.review.show_review(state.cases, state.review(), state.key)
        self.organs.refresh()
        self.correct.refresh()
        self.shape.refresh()
        self.actions_bar.refresh()

    def _leave_image(self) -> None:
        self.review.mark(self.state.key)
        self._at = None
        self.canvas.use_grid(None)
        if self.state.key is None:
            self.canvas.clear()

    def _show_image(self) -> None:
        self.canvas.show_image(self.state.image)
        self._place()

    def _place(self) -> None:
        """Lay structures and organs over the image, once its grid is known."""
        at = None if self.state.grid is None else (self.state.key, self.state.grid)
        if at is None or at == self._at:
            return
        self._at = at
        self.canvas.use_grid(at[1])
        self._show_structures()
        for name in self.state.organs.names:
            self._show_mask(name)

    def _show_structures(self) -> None:
        self.canvas.structures.leave_out(self.state.picked_clusters())
        self.canvas.show_structures(self.state.map, self.state.groups())
        self._refresh_state()

    def _show_level(self) -> None:
        self.canvas.regroup(self.state.groups())
        self.structures.refresh()
        self.organs.refresh()

    def _show_organs(self) -> None:
        names = self.state.organs.names
        if len(names) == len(self._named):
            for old, new in zip(self._named, names, strict=True):
                if old != new and old not in names:
                    self.canvas.rename_organ(old, new)
        self._named = names
        self.canvas.structures.leave_out(self.state.picked_clusters())
        for gone in set(self.canvas.organs) - set(names):
            self.canvas.drop_organ(gone)
        for name in names:
            if name in self.canvas.organs:
                self.canvas.organs[name].set_colour(colour_of(name, names))
        self._refresh_review()
        self._refresh_state()

    def _show_mask(self, name: str) -> None:
        shown = self.state.masks.get(name)
        self.canvas.show_organ(
            name, None if shown is None else shown.mask, colour_of(name, self.state.organs.names)
        )

    def _show_learned(self, name: str) -> None:
        self.canvas.learn(name, self.state.masks[name].mask)

    def _tell_job(self, done: int, total: int, message: str) -> None:
        """Show how far the job is, unless something of the window itself is at work."""
        if not (self.threads.work.busy or self.threads.importing.busy):
            self.foot.progress(done, total, message)

    def _refresh_busy(self) -> None:
        threads = self.threads
        self.foot.set_busy(threads.work.busy or threads.importing.busy or threads.learning.busy)

    # --- end

    def _let_go(self) -> None:
        """Let go of the viewer and end the threads; what was painted is written first."""
        self._release_keys()
        self.following.end()
        self.options.initials.end()
        self.threads.end(self.state.close)
        self.canvas.close()
