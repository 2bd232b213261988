"""Plays the frames of the image that is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_medssl.reading.frames import Frames, frames_of
from napari_medssl.widgets.read_target import ReadTarget, known_of

if TYPE_CHECKING:
    from napari import Viewer


class Player(QObject):
    """Steps napari's slider of frames, round and round.

    Signals
    -------
    changed
        Another frame is shown, or playing began or ended.
    """

    changed = Signal()

    def __init__(self, viewer: Viewer, target: ReadTarget, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._target = viewer, target
        self._clock = QTimer(self)
        self._clock.timeout.connect(lambda: self.step(1))
        viewer.dims.events.current_step.connect(self._on_step)
        target.changed.connect(self._on_target)

    @property
    def frames(self) -> Frames | None:
        """Frames of the image, None where it has but one."""
        layer = self._target.layer
        return None if layer is None else frames_of(known_of(layer), layer.data.shape)

    @property
    def playing(self) -> bool:
        """Whether it is playing."""
        return bool(self._clock.isActive())

    @property
    def index(self) -> int:
        """Number of the frame that is shown, from 0."""
        axis = self._axis
        return 0 if axis is None else int(self._viewer.dims.current_step[axis])

    @property
    def words(self) -> str:
        """Say which frame is shown, with its value and unit."""
        frames = self.frames
        return "" if frames is None else frames.words(self.index)

    def toggle(self) -> None:
        """Play, or stop."""
        frames = self.frames
        if self.playing or frames is None:
            self._clock.stop()
        else:
            self._clock.start(round(1000 / frames.rate))
        self.changed.emit()

    def step(self, by: int) -> None:
        """Show another frame; after the last comes the first."""
        axis, frames = self._axis, self.frames
        if axis is not None and frames is not None:
            self._viewer.dims.set_current_step(axis, (self.index + by) % frames.number)

    def close(self) -> None:
        """Stop, and let go of the viewer."""
        self._clock.stop()
        self._viewer.dims.events.current_step.disconnect(self._on_step)

    @property
    def _axis(self) -> int | None:
        layer = self._target.layer
        axis = None if layer is None else self._viewer.dims.ndim - layer.ndim
        return None if axis is None or axis < 0 else axis

    def _on_step(self, _: object = None) -> None:
        if self.frames is not None:
            self.changed.emit()

    def _on_target(self) -> None:
        if self.frames is None:
            self._clock.stop()
        self.changed.emit()
