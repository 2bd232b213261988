"""The Reading room: an image as a viewing station shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari import Viewer
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from medssl.errors import Cancelled
from napari_medssl import shortcuts
from napari_medssl.reading.directions import ends
from napari_medssl.reading.headers import file_of, header_rows
from napari_medssl.session.status import Status
from napari_medssl.shortcuts import READING, labelled
from napari_medssl.widgets.dock_frame import DockFrame
from napari_medssl.widgets.empty_page import EmptyPage
from napari_medssl.widgets.foot import Foot
from napari_medssl.widgets.orientation import hold_letters, release_letters
from napari_medssl.widgets.parts import Fold, button, rule
from napari_medssl.widgets.read_target import ReadTarget, known_of
from napari_medssl.widgets.reading.crosshair import Crosshair
from napari_medssl.widgets.reading.head import ReadingHead
from napari_medssl.widgets.reading.header_panel import HeaderPanel
from napari_medssl.widgets.reading.place_box import PlaceBox
from napari_medssl.widgets.reading.planes_dock import PlanesWidget
from napari_medssl.widgets.reading.player import Player
from napari_medssl.widgets.reading.view_direction import ViewDirection
from napari_medssl.widgets.reading.window_box import WindowBox
from napari_medssl.widgets.reading.windowing import WindowDrag
from napari_medssl.widgets.tabs import main_window_of
from napari_medssl.worker import Worker

if TYPE_CHECKING:
    from medssl.io.header_rows import HeaderRow

PLANES_NAME = "Three planes"
_HINT = (
    "Open an X-ray, CT, MR or ultrasound image, or select one that is open. It is shown with the "
    "patient's right on the left, its own window, three planes and its header."
)
_LATER_MS = 250  # the header of a slice is read when the slice has been looked at that long


class ReadingWidget(DockFrame):
    """Shows the selected image as a viewing station does.

    Parameters
    ----------
    napari_viewer
        The viewer whose images are read.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer)
        self._file: object = None
        self._worker = Worker("header")
        self.target = ReadTarget(napari_viewer, self)
        self.letters = hold_letters(napari_viewer)
        self.crosshair = Crosshair(napari_viewer, self.target, self)
        self.view = ViewDirection(napari_viewer, self.target)
        self.player = Player(napari_viewer, self.target, self)
        self.planes: PlanesWidget | None = None
        self._drag = WindowDrag(napari_viewer, lambda: self.target.layer)
        self._scale_bar = bool(napari_viewer.canvas.overlays.scale_bar.visible)
        self._build()
        self._connect()
        self._release_keys = shortcuts.bind(napari_viewer, self._actions(), READING)
        self.destroyed.connect(self._worker.close)
        self._refresh()

    # --- parts

    def _build(self) -> None:
        self.head, self.empty = ReadingHead(), EmptyPage(_HINT)
        self.empty.layers.hide()
        self.window_box = WindowBox()
        self.place_box = PlaceBox(self.target, self.crosshair, self.view, self.player)
        self.header = HeaderPanel()
        self.header_fold = Fold("File header", self.header)
        self.primary = button("", "", self._primary, "primary")
        self.foot = Foot(self._worker.cancel)
        self.body = QWidget()
        body = QVBoxLayout(self.body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(8)
        for part in (self.window_box, rule(), self.place_box, rule()):
            body.addWidget(part)
        body.addWidget(self.header_fold)
        self._rest = QWidget()
        body.addWidget(self._rest, 1)
        self._column = body
        self.stack(self.head, (self.empty, self.body), self.primary, self.foot)
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)

    def _connect(self) -> None:
        self.target.changed.connect(self._refresh)
        self.crosshair.moved.connect(self._on_moved)
        self._later.timeout.connect(self._read_header)
        self.empty.sample_wanted.connect(self._open_sample)
        self.head.chosen.connect(self._select)
        self.head.hounsfield_set.connect(self._set_hounsfield)
        self.header_fold.button.toggled.connect(self._on_fold)
        self.header.copied.connect(lambda name: self._say(f"Copied {name}."))
        self._worker.busy_changed.connect(self.foot.set_busy)
        self._viewer.dims.events.order.connect(self._on_moved)

    def _actions(self) -> dict[str, Callable[[], object]]:
        return {
            "planes": self.toggle_planes,
            "next_window": self.window_box.next,
            "play": self.player.toggle,
        }

    # --- what a person does

    def toggle_planes(self) -> None:
        """Show the three planes below the large view, or take them away."""
        if self.planes is not None:
            dock = self.planes.parentWidget()
            self._viewer.window.remove_dock_widget(dock if dock is not None else self.planes)
            return
        if not self.target.is_volume:
            self._say("Three planes need a volume.")
            return
        self.planes = PlanesWidget(self._viewer, self.target, self.crosshair)
        self.planes.closed.connect(self._on_planes_closed)
        dock = self._viewer.window.add_dock_widget(
            self.planes, name=PLANES_NAME, area="bottom", tabify=False
        )
        window = main_window_of(self.planes)
        if window is not None:  # the docks on the right keep their whole height
            window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
            window.resizeDocks([dock], [self.planes.sizeHint().height()], Qt.Orientation.Vertical)
        self.planes.draw()
        self._refresh_primary()

    def _primary(self) -> None:
        if self.target.layer is not None:
            self.toggle_planes()
            return
        paths, _ = QFileDialog.getOpenFileNames(self, "Open images")
        if paths:
            self._viewer.open(paths, plugin="napari-medssl")

    def _open_sample(self) -> None:
        self._viewer.open_sample("napari-medssl", "volume")

    def _select(self, layer: object) -> None:
        layer.visible = True  # type: ignore[attr-defined]
        self._viewer.layers.selection.active = layer

    def _set_hounsfield(self, said: bool) -> None:
        known = known_of(self.target.layer)
        if known is not None:
            known["hounsfield"] = said
            self.window_box.show_layer(self.target.layer)
            self._refresh_head()

    # --- what is shown

    def _refresh(self) -> None:
        layer = self.target.layer
        self.empty.setVisible(layer is None)
        self.body.setVisible(layer is not None)
        self.window_box.show_layer(layer)
        self._refresh_head()
        self._refresh_primary()
        self._on_moved()
        self._viewer.canvas.overlays.scale_bar.visible = layer is not None or self._scale_bar
        known = known_of(layer)
        notes = [] if known is None else known.get("warnings", [])
        self.foot.show_problems([], notes)
        if layer is None:
            self._say("")
        elif known is None:
            self._say("Opened without medssl's reader: its place in the patient is not known.")
        else:
            placed = bool(ends(known))
            unplaced = "The file does not say which side of the patient is where: no letters."
            self._say("" if placed else unplaced)

    def _refresh_head(self) -> None:
        self.head.show_state(self._viewer, self.target.layer)

    def _refresh_primary(self) -> None:
        volume = self.target.layer is not None and self.target.is_volume
        self.primary.setEnabled(volume or self.planes is not None or self.target.layer is None)
        if self.target.layer is None:
            self.primary.setText("Open images…")
            self.primary.setToolTip("Files or slices of DICOM, NIfTI, NRRD, TIFF, PNG, JPEG")
            return
        words = "Show three planes" if self.planes is None else "Hide three planes"
        self.primary.setText(labelled(words, "planes"))
        tip = "Axial, coronal and sagittal, linked by a crosshair"
        self.primary.setToolTip(tip if volume else "Three planes need a volume")

    def _on_moved(self, _: object = None) -> None:
        self.place_box.refresh()
        if self.header_fold.button.isChecked():
            self._later.start()

    def _on_planes_closed(self) -> None:
        self.planes = None
        if not self._closed:
            self._refresh_primary()

    def _on_fold(self, opened: bool) -> None:
        self._rest.setVisible(not opened)
        self._column.setStretchFactor(self.header_fold, int(opened))
        if opened:
            self._read_header()

    def _say(self, words: str, kind: str = "info") -> None:
        self.foot.say(Status("error" if kind == "error" else "info", words))

    # --- header

    def _read_header(self) -> None:
        """Read the header of the slice that is shown, in the background."""
        self._later.stop()
        layer = self.target.layer
        known = known_of(layer)
        if known is None:
            self._file = None
            self.header.show_rows([])
            return
        file = file_of(known, self._slice())
        if (file, id(known)) == self._file:
            return
        self._file = (file, id(known))
        about = "What the reader kept of it" if file is None else file.name

        def shown(rows: list[HeaderRow]) -> None:
            if self._file == (file, id(known)):
                self.header.show_rows(rows, about)

        def failed(error: BaseException) -> None:
            if not isinstance(error, Cancelled):
                self.header.show_rows([])
                self._say(str(error), "error")

        self._worker.submit(lambda _: header_rows(known, file), shown, failed)

    def _slice(self) -> int:
        """Count which slice it is among the files of its series."""
        layer, position = self.target.layer, self.crosshair.position
        if layer is None or position is None or len(position.point_vox) < 3:
            return 0
        known = known_of(layer) or {}
        slices = int(known["grid"]["shape"][0])
        at = min(max(round(position.point_vox[0]), 0), slices - 1)
        frames = self.player.index if self.player.frames is not None else 0
        return frames * slices + at

    # --- end

    def _let_go(self) -> None:
        """Let go of the viewer, and leave it as it was found."""
        self._release_keys()
        if self.planes is not None:
            self.toggle_planes()
        self._later.stop()
        self.window_box.show_layer(None)
        self._drag.close()
        self.player.close()
        self.view.close()
        self.crosshair.close()
        self.target.close()
        release_letters(self._viewer)
        self._viewer.canvas.overlays.scale_bar.visible = self._scale_bar
        self._viewer.dims.events.order.disconnect(self._on_moved)
        self._worker.close()
