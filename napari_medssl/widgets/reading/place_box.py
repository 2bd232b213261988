"""Where the crosshair is, which plane is shown, and which frame."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from napari_medssl.reading.planes import PLANES
from napari_medssl.reading.windows import unit
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.parts import button, label
from napari_medssl.widgets.read_target import ReadTarget, known_of
from napari_medssl.widgets.reading.crosshair import Crosshair
from napari_medssl.widgets.reading.player import Player
from napari_medssl.widgets.reading.view_direction import ViewDirection

if TYPE_CHECKING:
    from qtpy.QtWidgets import QLabel

_ROWS = ("place", "voxel", "value")


class PlaceBox(QWidget):
    """Position, plane and frame in words, with the buttons that change them."""

    def __init__(
        self, target: ReadTarget, crosshair: Crosshair, view: ViewDirection, player: Player
    ) -> None:
        super().__init__()
        self._target, self._crosshair = target, crosshair
        self._view, self._player = view, player
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(label("Position", "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._names: dict[str, QLabel] = {}
        self._said: dict[str, QLabel] = {}
        for row, name in enumerate(_ROWS):
            self._names[name], self._said[name] = label("", "caption"), label("", "status")
            self._said[name].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._said[name].setFocusPolicy(Qt.FocusPolicy.NoFocus)
            grid.addWidget(self._names[name], row, 0)
            grid.addWidget(self._said[name], row, 1)
        layout.addLayout(grid)
        layout.addWidget(label("Shift-click the image, or click a plane, to move it", "caption"))
        self._planes = QWidget()
        row_of_planes = QHBoxLayout(self._planes)
        row_of_planes.setContentsMargins(0, 0, 0, 0)
        row_of_planes.setSpacing(4)
        self._buttons = []
        for plane in PLANES:
            made = button(
                plane.name, f"Show {plane.name.lower()} slices in the large view",
                partial(self._show, plane.name),
            )  # fmt: skip
            made.setCheckable(True)
            self._buttons.append(made)
            row_of_planes.addWidget(made)
        layout.addWidget(self._planes)
        self._frames = QWidget()
        row_of_frames = QHBoxLayout(self._frames)
        row_of_frames.setContentsMargins(0, 0, 0, 0)
        self.play = button("", "Play the frames round and round, or stop", player.toggle)
        self.frame = label("", "status")
        row_of_frames.addWidget(label("Frame", "caption"))
        row_of_frames.addWidget(self.frame, 1)
        row_of_frames.addWidget(self.play)
        layout.addWidget(self._frames)
        crosshair.moved.connect(self.refresh)
        player.changed.connect(self.refresh)

    @property
    def words(self) -> tuple[str, ...]:
        """Place, voxel and value as they are shown."""
        return tuple(str(self._said[name].text()) for name in _ROWS)

    def refresh(self) -> None:
        """Show where the crosshair is."""
        layer, position = self._target.layer, self._crosshair.position
        self._planes.setVisible(self._target.is_volume)
        for made, plane in zip(self._buttons, PLANES, strict=True):
            made.setChecked(self._view.plane is plane)
        if position is not None:
            axes = "x, y, z" if len(position.point_vox) == 3 else "x, y"
            cell = "Voxel" if len(position.point_vox) == 3 else "Pixel"
            self._names["place"].setText("LPS" if position.in_patient else f"Place {axes}")
            self._names["voxel"].setText(f"{cell} {axes}")
            self._names["value"].setText("Value")
            tip = "Left, posterior, superior: millimetres in the patient, as in DICOM"
            self._names["place"].setToolTip(tip if position.in_patient else "")
            self._said["place"].setText(position.place_words)
            self._said["voxel"].setText(position.voxel_words)
            self._said["value"].setText(position.value_words(unit(known_of(layer))))
        frames = self._player.frames
        self._frames.setVisible(frames is not None)
        if frames is not None:
            self.frame.setText(self._player.words)
            self.play.setText(labelled("Stop" if self._player.playing else "Play", "play"))

    def _show(self, name: str) -> None:
        self._view.show(next(plane for plane in PLANES if plane.name == name))
        self.refresh()
