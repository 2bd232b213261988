"""The layers of the landmarks task in the viewer: image, similarity map, points."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image as ImageLayer
from napari.layers import Points
from qtpy.QtCore import QObject, QTimer, Signal

from napari_medssl.layers import Display, image_to_layer
from napari_medssl.points import PointState
from napari_medssl.widgets.image_layer import replace_image
from napari_medssl.widgets.layer_attributes import set_changed
from napari_medssl.widgets.orientation import hold_letters, release_letters
from napari_medssl.widgets.point_look import apply_look, inks_for, look_of
from napari_medssl.widgets.similarity_layer import SimilarityLayer

if TYPE_CHECKING:
    from napari import Viewer
    from numpy.typing import ArrayLike, NDArray

    from medssl.geometry import Grid
    from medssl.io.image import Image

POINTS_NAME = "Landmarks"
_SCREEN_SIZE = 15  # pixels, whatever the zoom (canvas_size_limits would swallow the rims)
_HAND_SHAKES = 1.5  # pixels of the screen; less is a click, not a drag
_LETTER = (8, 16)  # width and height of a letter of a name, in pixels of the screen


class LandmarkCanvas(QObject):
    """Shows one image with its points and similarity map, and hears what is clicked there.

    Signals
    -------
    placed
        A landmark's name (empty: the current one) and its point in source voxels.
    deleted
        Name of a landmark whose point was deleted.
    armed_changed
        Whether the next click places a landmark.
    """

    placed = Signal(str, object)
    deleted = Signal(str)
    armed_changed = Signal(bool)

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._image: ImageLayer | None = None
        self._points: Points | None = None
        self._map = SimilarityLayer(viewer)
        self._display: Display | None = None
        self._shown: list[PointState] = []
        self._look: dict[str, list[Any]] = {}
        self._updating = False
        self._letters = hold_letters(viewer)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)

    @property
    def points_layer(self) -> Points | None:
        """The layer with the landmarks, None before there is an image."""
        return self._points

    @property
    def similarity_layer(self) -> ImageLayer | None:
        """The layer for the similarity map, hidden while there is none to show."""
        return self._map.layer

    def owns(self, layer: object) -> bool:
        """Whether a layer is one of ours."""
        return layer is not None and layer in (self._image, self._map.layer, self._points)

    @property
    def armed(self) -> bool:
        """Whether the next click on the image places a landmark."""
        return self._points is not None and str(self._points.mode) == "add"

    def close(self) -> None:
        """Take our layers out of the viewer."""
        release_letters(self._viewer)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoom)
        for layer in (self._map.layer, self._points, self._image):
            if layer is not None and layer in self._viewer.layers:
                layer.visible = False  # software OpenGL must not paint what is taken away
                self._viewer.layers.remove(layer)

    # --- image

    def show_image(self, image: Image) -> None:
        """Show an image in place of the one before; the view is fitted if the size changes."""
        data, attributes, _ = image_to_layer(image)
        display = Display.of(image.grid)
        refit = self._display is None or self._display.source != display.source
        same_kind = (
            self._image is not None
            and self._image.rgb == bool(attributes.get("rgb", False))
            and self._image.ndim == display.source.ndim
        )
        self._display = display
        with self._quietly():
            self._map.park(display)
            if same_kind and self._image is not None:
                replace_image(self._image, data, attributes)
            else:
                self._renew(data, attributes)
            self._map.add(display, self._points)
            self._ensure_points()
        self._viewer.canvas.overlays.scale_bar.visible = display.unit == "mm"
        self._letters.look()
        if refit:
            self._viewer.reset_view(layers=[self._image])
            if display.source.ndim == 3:
                middle = [t + s * (n - 1) / 2 for t, s, n in _axes(display)]
                self._viewer.dims.set_point(range(3), middle)

    def _renew(self, data: NDArray[Any], attributes: dict[str, Any]) -> None:
        for old in (self._map.layer, self._points, self._image):
            if old is not None and old in self._viewer.layers:
                self._viewer.layers.remove(old)
        self._points = self._map.layer = None
        attributes.pop("channel_axis", None)
        self._image = ImageLayer(data, **attributes)
        self._viewer.layers.append(self._image)

    def hide_others(self) -> None:
        """Hide the image layers that are not ours, so that the current image is what is seen."""
        for layer in self._viewer.layers:
            if isinstance(layer, ImageLayer) and layer not in (self._image, self._map.layer):
                layer.visible = False

    def show_similarity(self, landmark: str, found: tuple[NDArray[Any], Grid] | None) -> None:
        """Show how alike each place is to the landmark; None hides the map."""
        if found is None or self._display is None:
            self._map.hide()
        else:
            self._map.show(landmark, *found, self._display, self._points)

    # --- points

    def show_points(self, points: Sequence[PointState], landmarks: Sequence[str]) -> None:
        """Show the points of the current image; `landmarks` gives the order of the colours."""
        layer, display = self._points, self._display
        if layer is None or display is None:
            return
        with self._quietly():
            layer.selected_data = set()
            data = [display.to_shown(p.point_vox) for p in points]
            if len(points) != len(self._shown):
                self._look = {}
            self._shown = list(points)
            layer.data = np.array(data).reshape(len(points), display.source.ndim)
            look = look_of(points, landmarks, self._inks(points)) if points else {}
            for name, value in look.items():
                if self._look.get(name) != value:
                    apply_look(layer, name, value)
                    self._look[name] = value
            layer.size = self._point_size()
            layer.metadata = self._image.metadata if self._image is not None else {}

    def _inks(self, points: Sequence[PointState]) -> list[list[float]]:
        """Colour of each name, by what lies behind it."""
        image, display = self._image, self._display
        if image is None or display is None:
            return []
        voxel = self._point_size() / _SCREEN_SIZE  # one pixel of the screen
        width, height = (side * voxel for side in _LETTER)
        corner = np.array(self._beside())
        corner[-2] = -height / 2
        places = [
            (display.to_shown(p.point_vox) + corner, round(height), round(width * len(p.landmark)))
            for p in points
        ]
        return inks_for(
            image.data,
            (0.0, 255.0) if image.rgb else tuple(image.contrast_limits),
            image.colormap.name == "gray_r",
            places,
        )

    def look_at(self, point: PointState) -> None:
        """Go to the slice in which a point lies."""
        if self._display is not None and self._display.source.ndim == 3:
            shown = self._display.to_shown(point.point_vox)
            world = [t + s * v for (t, s, _), v in zip(_axes(self._display), shown, strict=True)]
            self._viewer.dims.set_point(range(3), world)

    def arm(self, armed: bool) -> None:
        """Let the next click place a landmark, or not."""
        layer = self._points
        if layer is None or armed == self.armed:
            return
        if armed:
            self._viewer.dims.ndisplay = 2
            layer.visible = True
            self._viewer.layers.selection.active = layer
        layer.mode = "add" if armed else "pan_zoom"

    def _ensure_points(self) -> None:
        if self._display is None:
            return
        attributes = self._display.attributes()
        if self._points is not None:
            set_changed(self._points, attributes)
            return
        layer = Points(
            np.empty((0, self._display.source.ndim)),
            name=POINTS_NAME,
            size=self._point_size(),
            out_of_slice_display=False,
            border_width_is_relative=True,
            features={"landmark": np.empty(0, str), "source": np.empty(0, str)},
            text={"string": "{landmark}", "size": 10, "color": "white", "anchor": "upper_left"},
            **attributes,
        )
        layer.text.translation = self._beside()
        layer.mouse_drag_callbacks.append(self._drag)
        layer.events.data.connect(self._on_data)
        layer.events.mode.connect(lambda: self.armed_changed.emit(self.armed))
        layer.bind_key("Escape", lambda _: self.arm(False))
        self._points, self._shown, self._look = layer, [], {}
        self._viewer.layers.append(layer)
        layer.mode = "pan_zoom"
        self._viewer.layers.selection.active = layer

    def _point_size(self) -> float:
        """Size in data units that is `_SCREEN_SIZE` pixels on the screen."""
        scale = self._display.scale[-1] if self._display is not None else 1.0
        return float(_SCREEN_SIZE / (self._viewer.scene.camera.zoom * scale))

    def _beside(self) -> list[float]:
        """From a point to its name: right of the symbol, at its height, whatever the zoom."""
        ndim = self._display.source.ndim if self._display is not None else 2
        pixel = self._point_size() / _SCREEN_SIZE
        return [0.0] * (ndim - 2) + [_LETTER[1] / 2 * pixel, _SCREEN_SIZE * 0.75 * pixel]

    def _on_zoom(self) -> None:
        if self._points is not None:
            self._points.size = self._point_size()
            self._points.text.translation = self._beside()

    def _drag(self, layer: Points, event: Any) -> Generator[None, None, None]:
        """Move a point with the mouse without leaving the mode in which a drag moves the view."""
        if event.button != 1 or str(layer.mode) != "pan_zoom" or len(event.dims_displayed) == 3:
            return
        index = layer.get_value(
            event.position,
            view_direction=event.view_direction,
            dims_displayed=event.dims_displayed,
            world=True,
        )
        if index is None or index >= len(self._shown):
            return
        landmark, before = self._shown[index].landmark, layer.data[index].copy()
        pressed = np.asarray(event.position, float)
        event.handled = True
        yield
        while event.type == "mouse_move":
            self._shift(layer, index, layer.world_to_data(event.position))
            event.handled = True
            yield
        # moves in quick succession are dropped on their way here: the release has the last word
        pixel = 1 / self._viewer.scene.camera.zoom
        if np.abs(event.position - pressed).max() > _HAND_SHAKES * pixel:
            released = layer.world_to_data(event.position)
            self._shift(layer, index, released)
            self._tell_placed(landmark, np.asarray(released))
        else:
            self._shift(layer, index, before)

    def _shift(self, layer: Points, index: int, shown_vox: ArrayLike) -> None:
        """Draw a point in another place, unless new points were drawn meanwhile."""
        if index >= len(layer.data):
            return
        with self._quietly():
            data = layer.data.copy()
            data[index] = shown_vox
            layer.data = data

    def _on_data(self, event: Any) -> None:
        """Hear napari's own tools on our layer: add, select and drag, delete."""
        if self._updating or self._points is None:
            return
        action = str(event.action)
        indices = [int(i) for i in event.data_indices]
        if action == "added":
            self._tell_placed("", self._points.data[indices[-1]])
        elif action == "changed":
            for i in indices:
                self._tell_placed(self._shown[i].landmark, self._points.data[i])
        elif action == "removed":
            for i in indices:
                QTimer.singleShot(0, lambda name=self._shown[i].landmark: self.deleted.emit(name))

    def _tell_placed(self, landmark: str, shown_vox: NDArray[Any]) -> None:
        """Announce a placed point, after napari has finished with its own event."""
        if self._display is not None:
            point = tuple(self._display.to_source(shown_vox).tolist())
            QTimer.singleShot(0, lambda: self.placed.emit(landmark, point))

    def _on_removed(self, event: Any) -> None:
        """Forget a layer of ours that a person took away; it comes back with the next image."""
        if event.value is self._map.layer:
            self._map.layer = None
        elif event.value is self._points:
            self._points = None
        elif event.value is self._image:
            self._image = None

    @contextmanager
    def _quietly(self) -> Generator[None, None, None]:
        before, self._updating = self._updating, True
        try:
            yield
        finally:
            self._updating = before


def _axes(display: Display) -> list[tuple[float, float, int]]:
    return list(zip(display.translate, display.scale, display.shape, strict=True))
