"""The Lesion maps dock: label whole images with single keys, and see where a lesion is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from napari import Viewer
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QFileDialog

from napari_medssl import shortcuts
from napari_medssl.lesions.classes import MOST
from napari_medssl.lesions.exporting import LesionExport
from napari_medssl.lesions.lesions import Lesions
from napari_medssl.lesions.mapping import CoreMaps, MapEngine, threshold_value
from napari_medssl.lesions.threads import LesionThreads
from napari_medssl.shared import shared_state
from napari_medssl.widgets.cohort.own_stage import OwnStage
from napari_medssl.widgets.cohort.sharing import Sharing
from napari_medssl.widgets.dock_frame import DockFrame, column
from napari_medssl.widgets.empty_page import EmptyPage
from napari_medssl.widgets.foot import Foot
from napari_medssl.widgets.lesions.action_bar import ActionBar
from napari_medssl.widgets.lesions.comparison import Comparison
from napari_medssl.widgets.lesions.head import Head
from napari_medssl.widgets.lesions.label_box import LabelBox
from napari_medssl.widgets.lesions.map_layers import MapLayers
from napari_medssl.widgets.lesions.options import Options
from napari_medssl.widgets.lesions.result_box import ResultBox
from napari_medssl.widgets.opener import Opener
from napari_medssl.widgets.parts import label, rule

_HINT = (
    "Open a folder of images. Say of each with one key whether it is normal or abnormal; nothing "
    "is outlined. What learns from that shows where. Research software, not for diagnosis."
)
_NOTHING = ("No images yet", _HINT, True)
_COMING = ("The images come in", "Each one can be labelled as soon as it is stored.", False)


class LesionsWidget(DockFrame):
    """Lesion maps from labels of whole images.

    Parameters
    ----------
    napari_viewer
        The viewer that shows images and maps.
    engine
        What makes maps; medssl's own core unless a test brings another.
    """

    def __init__(self, napari_viewer: Viewer, engine: MapEngine | None = None) -> None:
        super().__init__(napari_viewer)
        self._shared = shared_state(napari_viewer)
        self.threads = threads = LesionThreads()
        self.lesions = Lesions(
            engine if engine is not None else CoreMaps(),
            threads.disk, threads.importing, threads.display,
            threads.fitting, threads.mapping, threads.cutting,
        )  # fmt: skip
        self.stage = OwnStage(napari_viewer, self.lesions, self)
        self.layers = MapLayers(napari_viewer)
        self.comparison = Comparison(napari_viewer)
        self.opener = Opener(napari_viewer, self.stage, self.lesions, threads.importing, self)
        self._seen = False
        self._release: list[Callable[[], None]] = []
        self._bound: tuple[bool, bool] = (False, False)
        self._build()
        self._connect()
        close = self.lesions.close
        self.destroyed.connect(lambda: threads.end(close))
        self._shared.owners.add(self.layers)
        self._shared.owners.add(self.comparison)
        self.sharing = Sharing(self.lesions, self._shared, self.stage)
        if self._shared.model is not None:
            self.lesions.set_base(str(self._shared.model))
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Open as a tab beside the other docks of ours, and take the keys."""
        super().showEvent(event)
        self._seen = True
        self._rebind()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Give the keys back while another tab is seen."""
        super().hideEvent(event)
        self._seen = False
        self._rebind()

    # --- parts

    def _build(self) -> None:
        lesions = self.lesions
        self.head, self.empty = Head(lesions), EmptyPage(_HINT)
        self.labels, self.results = LabelBox(lesions), ResultBox(lesions)
        self.teach = label("", "hint")
        self.options = Options(lesions, self._shared)
        self.actions_bar, self.foot = ActionBar(lesions), Foot(self._stop)
        parts = (self.labels, rule(), self.teach, (self.results, 1))
        self.body = column(*parts, self.options)
        self.body.layout().insertStretch(len(parts), 0)  # where the results are not seen yet
        self.stack(self.head, (self.empty, self.body), self.actions_bar, self.foot)

    def _connect(self) -> None:
        lesions, threads = self.lesions, self.threads
        lesions.status_changed.connect(self.foot.say)
        for signal in (
            lesions.cases_changed, lesions.case_changed, lesions.import_changed,
            lesions.fitting_changed, lesions.fit_changed, lesions.base_changed,
        ):  # fmt: skip
            signal.connect(self._refresh)
        lesions.image_changed.connect(self._on_image)
        lesions.maps_changed.connect(self._show_maps)
        lesions.regions_changed.connect(self._show_regions)
        self.results.opacity_wanted.connect(self._set_opacity)
        self.results.slice_wanted.connect(self._go_to_slice)
        self.results.table.chosen.connect(self.layers.go_to)
        for asking in (self.head, self.empty):
            asking.layers_wanted.connect(self.opener.use_layers)
            asking.sample_wanted.connect(self.opener.open_sample)
        for offering in (self.head, self.actions_bar):
            offering.open_wanted.connect(self._choose_cohort)
        self.actions_bar.export_wanted.connect(self._choose_place)
        self.opener.said.connect(self.foot.say)
        for worker in (threads.importing, threads.fitting, threads.mapping):
            worker.progressed.connect(self.foot.progress)
        for worker in (threads.importing, threads.fitting):
            worker.busy_changed.connect(self._refresh_busy)
        self._shared.gallery_changed.connect(self._rebind)
        self._shared.model_changed.connect(self._use_model)

    def _actions(self) -> dict[str, Callable[[], object]]:
        lesions = self.lesions
        return {
            "next_unsure": lesions.next_unsure,
            "learn": lesions.learn,
            "compare_maps": self.results.toggle_comparison,
            "previous": lambda: lesions.step(-1),
            "next": lambda: lesions.step(1),
            "undo": lesions.undo,
            "redo": lesions.redo,
            "no_label": lesions.clear_label,
            **{f"label_{n}": partial(lesions.set_label, n) for n in range(1, MOST + 1)},
        }

    def _rebind(self) -> None:
        """Take the keys that a person sees the meaning of, and give back the others."""
        some = bool(self.lesions.cases) and not self._closed
        wanted = (some and self._seen, some and (self._seen or self._shared.gallery_seen))
        if wanted == self._bound:
            return
        self._bound = wanted
        for release in self._release:
            release()
        self._release = []
        if wanted[0]:
            self._release.append(shortcuts.bind(self._viewer, self._actions(), shortcuts.LESIONS))
        if wanted[1]:
            actions = self._actions()
            self._release.append(shortcuts.bind_over(self._viewer, actions, shortcuts.LABELS))

    # --- what a person does

    def open_cohort(self, where: Path) -> None:
        """Open a cohort's folder, or a folder of images."""
        self.lesions.open_images(where)

    def _stop(self) -> None:
        """Stop what runs in the background."""
        self.lesions.stop_import()
        self.lesions.stop_learning()
        if self.lesions.exporting:
            self.threads.mapping.cancel()

    def _choose_cohort(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "Open a cohort (name.medssl) or a folder of images"
        )
        if chosen:
            self.open_cohort(Path(chosen))

    def _choose_place(self, kind: LesionExport) -> None:
        chosen = QFileDialog.getExistingDirectory(self, kind.words.removesuffix("…"))
        if chosen:
            self.lesions.export_findings(kind.what, Path(chosen))

    def _use_model(self, model: Path) -> None:
        self.lesions.set_base(str(model))

    def _set_opacity(self, opacity: float) -> None:
        self.layers.set_opacity(opacity)
        self.comparison.set_opacity(opacity)

    def _go_to_slice(self, source_slice: int) -> None:
        found = self.lesions.found
        if found is not None:
            axis = thickest_axis(found.grid)
            self.layers.go_to_slice(source_slice, axis)

    # --- what is shown

    def _refresh(self) -> None:
        lesions = self.lesions
        some = bool(lesions.cases)
        self.empty.setVisible(not some)
        self.empty.set_words(*(_COMING if lesions.importing else _NOTHING))
        self.body.setVisible(some)
        self.head.refresh()
        self.labels.refresh()
        self.results.setVisible(lesions.fit is not None)
        self.teach.setVisible(lesions.fit is None)
        self.teach.setText(self._lesson())
        self.results.refresh()
        self.actions_bar.refresh()
        self.foot.show_problems(lesions.problems, lesions.notes)
        self._rebind()
        if some and lesions.key is None and not lesions.importing:
            lesions.go_to(lesions.cases[0].key)

    def _lesson(self) -> str:
        lesions = self.lesions
        if lesions.fitting:
            return (
                "It learns in the background. Go on labelling, or close napari: it is found again."
            )
        if lesions.missing:
            return (
                "Say what each image is with the keys above; then press Learn and show where. "
                f"{lesions.missing}"
            )
        return "Enough to begin. Learn and show where; more labels make it better."

    def _refresh_busy(self) -> None:
        self.foot.set_busy(self.threads.importing.busy or self.threads.fitting.busy)

    def _on_image(self) -> None:
        self._show_maps()
        self._show_regions()

    def _show_maps(self) -> None:
        lesions, found = self.lesions, self.lesions.found
        self.results.refresh()
        if found is None:
            self.layers.clear()
            self.comparison.end()
            return
        cut = threshold_value(found, lesions.threshold)
        self.layers.show_map(found, self._name(), cut)
        if lesions.compared is not None:
            other = threshold_value(lesions.compared, lesions.threshold)
            self.comparison.show(self.layers, lesions.compared, self._name(), other)
        else:
            self.comparison.end()

    def _show_regions(self) -> None:
        lesions, found = self.lesions, self.lesions.found
        if found is None or lesions.labels is None:
            return
        cut = threshold_value(found, lesions.threshold)
        self.layers.set_cut(cut)
        self.layers.show_regions(lesions.labels, lesions.regions, self._name())
        if lesions.compared is None:
            self.layers.show_all()
        else:
            self.comparison.set_cut(threshold_value(lesions.compared, lesions.threshold))
        self.results.table.show_regions(lesions.regions, self.layers.display)

    def _name(self) -> str:
        return "" if self.lesions.case is None else self.lesions.case.name

    # --- end

    def _let_go(self) -> None:
        """Let go of the viewer and end the threads; labels are written, a job goes on."""
        self._rebind()
        self._shared.gallery_changed.disconnect(self._rebind)
        self._shared.model_changed.disconnect(self._use_model)
        self.options.initials.end()
        self.sharing.end()
        self.threads.end(self.lesions.close)
        self.comparison.end()
        self.layers.close()
        self.stage.end()


def thickest_axis(grid: object) -> int:
    """Axis of the image that its slices are counted along, as the nets take them."""
    import numpy as np

    turned, order, _ = grid.canonical()  # type: ignore[attr-defined]
    return int(order[int(np.argmax(turned.spacing))])
