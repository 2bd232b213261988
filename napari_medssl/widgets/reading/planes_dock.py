"""Three linked planes beside each other, below the large view."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QSize, QTimer, Signal
from qtpy.QtGui import QColor, QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_medssl.reading.directions import ends
from napari_medssl.reading.planes import PLANES, Layout, layout_of, points_near, render
from napari_medssl.reading.windows import unit
from napari_medssl.widgets.parts import label
from napari_medssl.widgets.read_target import ReadTarget, known_of
from napari_medssl.widgets.reading.crosshair import Crosshair
from napari_medssl.widgets.reading.pane import Mark, PlanePane, Scene
from napari_medssl.widgets.reading.plane_geometry import PaneView, fitting_zoom, middle_of
from napari_medssl.widgets.reading.windowing import dragged, set_window, window_of
from napari_medssl.widgets.style import sheet

if TYPE_CHECKING:
    from napari import Viewer

#: Changes of a layer after which the planes are drawn anew.
_CHANGES = """
set_data data contrast_limits gamma colormap visible opacity blending face_color border_color
symbol features labels_update paint scale translate selected_label
"""
_SEEN = frozenset(_CHANGES.split())
_DIAMOND = "diamond"
_MOST_ZOOM = 30.0
_EDGE = 14.0  # pixels left free around an image that is seen whole


class PlanesWidget(QWidget):
    """Axial, coronal and sagittal planes through the crosshair, at one scale.

    Parameters
    ----------
    viewer
        Whose layers are cut.
    target
        Which image is read.
    crosshair
        The place that the planes go through.

    Signals
    -------
    closed
        The dock was closed.
    """

    closed = Signal()

    def __init__(self, viewer: Viewer, target: ReadTarget, crosshair: Crosshair) -> None:
        super().__init__()
        self._viewer, self._target, self._crosshair = viewer, target, crosshair
        self._zoom = 1.0
        self._centre: NDArray[np.float64] | None = None
        self._window = (1.0, 0.0)
        self._closed = False
        self._heard: list[Any] = []
        self.panes = {plane.name: PlanePane(plane) for plane in PLANES}
        self.where = label("", "status")
        self.empty = label("The three planes show a volume: open one, or select it.", "hint")
        row = QHBoxLayout()
        row.setSpacing(3)
        self._row = QWidget()
        for pane in self.panes.values():
            row.addWidget(pane, 1)
            self._connect(pane)
        row.setContentsMargins(0, 0, 0, 0)
        self._row.setLayout(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addWidget(self._row, 1)
        layout.addWidget(self.empty)
        layout.addWidget(self.where)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.draw)
        crosshair.moved.connect(self.draw)
        target.changed.connect(self._on_target)
        events = viewer.layers.events
        self._sources = (events.inserted, events.removed, events.reordered)
        for source in self._sources:
            source.connect(self._on_layers)
        viewer.events.theme.connect(self._restyle)
        self._restyle()
        self._on_layers()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Height of the dock."""
        return QSize(900, 340)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the images into the new size."""
        super().resizeEvent(event)
        self._soon.start()

    def draw(self) -> None:
        """Draw the planes through the crosshair."""
        self._soon.stop()
        layer = self._target.layer
        layout = layout_of(layer) if layer is not None and layer.ndim >= len(PLANES) else None
        volume = layout is not None and self._target.is_volume
        self._row.setVisible(volume)
        self.empty.setVisible(not volume)
        self.where.setVisible(volume)
        if layer is None or layout is None or not volume:
            return
        world = self._crosshair.world
        zoom = self._zoom * min(self._fit(pane, layout) for pane in self.panes.values())
        letters = ends(known_of(layer))
        for pane in self.panes.values():
            plane = pane.plane
            at = layout.index(plane.normal, float(world[plane.normal]))
            pane.show_scene(
                Scene(
                    self._view(pane, layout, zoom),
                    layout,
                    render(self._viewer.layers, layer, plane, world),
                    (float(world[plane.rows]), float(world[plane.columns])),
                    tuple(self._marks(pane, layout, world)),
                    letters,
                    f"{at + 1} of {layout.shape[plane.normal]}",
                    "mm" if str(layer.units[-1]) == "millimeter" else "px",
                )
            )
        self._say_where()

    def shut(self) -> None:
        """Let go of the viewer."""
        if self._closed:
            return
        self._closed = True
        self._soon.stop()
        self._crosshair.moved.disconnect(self.draw)
        self._target.changed.disconnect(self._on_target)
        for source in self._sources:
            source.disconnect(self._on_layers)
        for layer in self._heard:
            layer.events.disconnect(self._on_layer)
        self._heard = []
        self._viewer.events.theme.disconnect(self._restyle)
        self.closed.emit()

    def event(self, event: QEvent) -> bool:
        """Let go of the viewer with the dock: napari takes the widget out, and tells nobody."""
        done = bool(super().event(event))
        orphan = event.type() == QEvent.Type.ParentChange and self.parent() is None
        if event.type() == QEvent.Type.Close or orphan:
            self.shut()
        return done

    # --- what is drawn

    def _fit(self, pane: PlanePane, layout: Layout) -> float:
        width, height = pane.width() - 2 * _EDGE, pane.height() - 2 * _EDGE
        return fitting_zoom(pane.plane, layout, width, height)

    def _view(self, pane: PlanePane, layout: Layout, zoom: float) -> PaneView:
        plane, centre = pane.plane, self._centre
        place = middle_of(plane, layout)
        if centre is not None:
            place = float(centre[plane.rows]), float(centre[plane.columns])
        return PaneView(plane, place, zoom, (pane.width() / 2, pane.height() / 2))

    def _marks(self, pane: PlanePane, layout: Layout, world: NDArray[np.float64]) -> list[Mark]:
        marks = []
        thick = abs(layout.scale[pane.plane.normal])
        for layer in self._viewer.layers:
            if not isinstance(layer, Points) or not layer.visible:
                continue
            for index, row, column in points_near(layer, pane.plane, world, thick):
                names = layer.features.get("landmark")
                marks.append(
                    Mark(
                        row,
                        column,
                        "" if names is None else str(names.iloc[index]),
                        _colour(layer.face_color[index]),
                        _colour(layer.border_color[index]),
                        str(layer.symbol[index]) == _DIAMOND,
                    )
                )
        return marks

    def _say_where(self) -> None:
        position = self._crosshair.position
        if position is None:
            return
        world = "LPS  " if position.in_patient else ""
        value = position.value_words(unit(known_of(self._target.layer)))
        self.where.setText(
            f"{world}{position.place_words}    voxel  {position.voxel_words}    value  {value}"
        )

    # --- what a person does

    def _connect(self, pane: PlanePane) -> None:
        plane = pane.plane
        pane.pointed.connect(
            lambda row, column: self._crosshair.move((plane.rows, plane.columns), (row, column))
        )
        pane.scrolled.connect(partial(self._scroll, pane))
        pane.zoomed.connect(self._on_zoom)
        pane.moved.connect(partial(self._shift, pane))
        pane.window_started.connect(self._start_window)
        pane.window_dragged.connect(self._drag_window)
        pane.reset.connect(self._reset)

    def _scroll(self, pane: PlanePane, steps: int) -> None:
        layer, axis = self._target.layer, pane.plane.normal
        layout = None if layer is None else layout_of(layer)
        if layout is None:
            return
        at = layout.index(axis, float(self._crosshair.world[axis]))
        at = min(max(at + steps, 0), layout.shape[axis] - 1)
        self._crosshair.move((axis,), (layout.translate[axis] + layout.scale[axis] * at,))

    def _on_zoom(self, notches: float) -> None:
        if self._centre is None:
            self._centre = self._crosshair.world
        self._zoom = min(max(self._zoom * 1.2**notches, 1.0), _MOST_ZOOM)
        if self._zoom == 1.0:
            self._centre = None
        self.draw()

    def _shift(self, pane: PlanePane, right: float, down: float) -> None:
        scene = pane.scene
        if scene is None:
            return
        if self._centre is None:
            layout = scene.layout
            edges = [layout.edges(axis) for axis in range(len(layout.shape))]
            self._centre = np.array([(low + high) / 2 for low, high in edges])
        sign = -1 if pane.plane.upwards else 1
        self._centre[pane.plane.rows] -= sign * down / scene.view.zoom
        self._centre[pane.plane.columns] -= right / scene.view.zoom
        self.draw()

    def _reset(self) -> None:
        self._zoom, self._centre = 1.0, None
        self.draw()

    def _start_window(self) -> None:
        layer = self._target.layer
        if layer is not None and not layer.rgb:
            self._window = window_of(layer)

    def _drag_window(self, right: float, up: float) -> None:
        layer = self._target.layer
        if layer is not None and not layer.rgb:
            low, high = layer.contrast_limits_range
            set_window(layer, *dragged(*self._window, right, up, high - low))

    # --- what changes meanwhile

    def _on_target(self) -> None:
        self._zoom, self._centre = 1.0, None
        self._soon.start()

    def _on_layers(self, _: object = None) -> None:
        present = list(self._viewer.layers)
        for layer in self._heard:
            if layer not in present:
                layer.events.disconnect(self._on_layer)
        for layer in present:
            if layer not in self._heard:
                layer.events.connect(self._on_layer)
        self._heard = present
        self._soon.start()

    def _on_layer(self, event: Any) -> None:
        if event.type in _SEEN:
            self._soon.start()

    def _restyle(self) -> None:
        self.setStyleSheet(sheet(self._viewer))


def _colour(rgba: NDArray[np.float64]) -> QColor:
    return QColor.fromRgbF(*(float(v) for v in rgba))
