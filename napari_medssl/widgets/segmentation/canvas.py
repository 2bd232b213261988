"""The layers of segmentation in the viewer: image, structures, organs; what is clicked there."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image as ImageLayer
from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer, Signal

from napari_medssl.layers import Display, image_to_layer
from napari_medssl.segmenting.slices import Slice
from napari_medssl.widgets.image_layer import replace_image
from napari_medssl.widgets.orientation import hold_letters, release_letters
from napari_medssl.widgets.segmentation.organ_layer import OrganLayer
from napari_medssl.widgets.segmentation.structure_layer import StructureLayers

if TYPE_CHECKING:
    from napari import Viewer
    from numpy.typing import NDArray

    from medssl.geometry import Grid
    from medssl.io.image import Image

_HAND_SHAKES = 3.0  # pixels of the screen; less is a click, not a drag


class SegmentCanvas(QObject):
    """Shows one image with its structures and organs, and hears what is clicked and painted.

    Signals
    -------
    picked
        A cluster that was clicked, and whether it is to be taken out.
    painted, taken_back
        Name of an organ, its mask, all that was painted there, and the slice that is looked at
        (None of a picture).
    """

    picked = Signal(int, bool)
    painted = Signal(str, object, object, object)
    taken_back = Signal(str, object, object)

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._image: ImageLayer | None = None
        self._grid: Grid | None = None
        self._fitted: tuple[tuple[int, ...], tuple[float, ...]] | None = None
        self.structures = StructureLayers(viewer)
        self.organs: dict[str, OrganLayer] = {}
        self._letters = hold_letters(viewer)
        self._closing = False
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.mouse_move_callbacks.append(self._move)
        viewer.mouse_drag_callbacks.append(self._press)

    def owns(self, layer: object) -> bool:
        """Whether a layer is one of ours."""
        ours = [self._image, *(organ.layer for organ in self.organs.values())]
        return layer is not None and (layer in ours or self.structures.owns(layer))

    def hide_others(self) -> None:
        """Hide the image layers that are not ours."""
        for layer in self._viewer.layers:
            if isinstance(layer, ImageLayer) and layer is not self._image:
                layer.visible = False

    def close(self) -> None:
        """Take our layers out of the viewer."""
        self._closing = True
        release_letters(self._viewer)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.mouse_move_callbacks.remove(self._move)
        self._viewer.mouse_drag_callbacks.remove(self._press)
        self.structures.close()
        layers = [organ.layer for organ in self.organs.values()]
        for layer in (*layers, self._image):
            if layer is not None and layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self.organs.clear()

    # --- what is shown

    def show_image(self, image: Image | None) -> None:
        """Show an image in place of the one before; None leaves the image to another dock."""
        if image is None:
            if self._image is not None and self._image in self._viewer.layers:
                self._viewer.layers.remove(self._image)
            self._image = None
            return
        data, attributes, _ = image_to_layer(image)
        display = Display.of(image.grid)
        same_kind = (
            self._image is not None
            and self._image.rgb == bool(attributes.get("rgb", False))
            and self._image.ndim == display.source.ndim
        )
        size = (image.grid.shape, image.grid.spacing)
        refit = not same_kind or self._fitted != size
        self._fitted = size
        if same_kind and self._image is not None:
            replace_image(self._image, data, attributes)
        else:
            self.show_image(None)
            attributes.pop("channel_axis", None)
            self._image = ImageLayer(data, **attributes)
            self._viewer.layers.insert(0, self._image)
            self._viewer.layers.selection.active = self._image
        self._viewer.canvas.overlays.scale_bar.visible = display.unit == "mm"
        self._letters.look()
        if refit:
            self._viewer.reset_view(layers=[self._image])
            if display.source.ndim == 3:
                axes = zip(display.translate, display.scale, display.shape, strict=True)
                self._viewer.dims.set_point(range(3), [t + s * (n - 1) / 2 for t, s, n in axes])

    def clear(self) -> None:
        """Take all layers away: there is no image."""
        self.show_image(None)
        for name in list(self.organs):
            self.drop_organ(name)
        self.structures.close()

    def use_grid(self, grid: Grid | None) -> None:
        """Lay what is shown from now on over an image of this grid."""
        self._grid = grid
        if grid is None:
            self.structures.hide()
            for organ in self.organs.values():
                organ.park()

    def show_structures(
        self, found: tuple[NDArray[np.uint16], Grid] | None, groups: NDArray[np.int64] | None
    ) -> None:
        """Show the structures of the image; None hides them."""
        if found is None or groups is None or self._grid is None:
            self.structures.hide()
            return
        self.structures.show(found, groups, Display.of(self._grid))
        self._lift_organs()

    def regroup(self, groups: NDArray[np.int64] | None) -> None:
        """Show coarser or finer structures."""
        if groups is not None:
            self.structures.regroup(groups)

    def show_organ(self, name: str, mask: NDArray[np.bool_] | None, colour: str) -> None:
        """Show the mask of an organ in an image that is come to, or after a pick; None: none."""
        grid = self._grid
        if grid is None or (mask is None and name not in self.organs):
            return
        if name in self.organs and not self.organs[name].fits(grid):
            self.drop_organ(name)
        if name not in self.organs:
            if mask is None:
                return
            self._add_organ(name, grid, colour)
        self.organs[name].set_colour(colour)
        self.organs[name].show(mask, grid)

    def learn(self, name: str, mask: NDArray[np.bool_]) -> None:
        """Show what a stroke has taught of an organ."""
        if name in self.organs:
            self.organs[name].learn(mask)

    def drop_organ(self, name: str) -> None:
        """Take the layer of an organ away."""
        organ = self.organs.pop(name, None)
        if organ is not None and organ.layer in self._viewer.layers:
            self._viewer.layers.remove(organ.layer)

    def rename_organ(self, old: str, new: str) -> None:
        """Give the layer of an organ another name."""
        if old in self.organs:
            self.organs[new] = self.organs.pop(old)
            self.organs[new].rename(new)

    def brush(self, name: str, colour: str, erase: bool) -> None:
        """Let the mouse paint in the layer of an organ, or erase there; an empty one is made."""
        if self._grid is None:
            return
        if name not in self.organs:
            self._add_organ(name, self._grid, colour)
        layer = self.organs[name].layer
        layer.visible = True
        self.structures.show_through(False)
        layer.selected_label = 1
        self._viewer.dims.ndisplay = 2
        self._viewer.layers.selection.active = layer
        layer.mode = "erase" if erase else "paint"

    def rest_brush(self) -> None:
        """Let the mouse move the view again, and pick."""
        self.structures.show_through(True)
        for organ in self.organs.values():
            organ.layer.mode = "pan_zoom"

    # --- organs

    def _add_organ(self, name: str, grid: Grid, colour: str) -> None:
        organ = OrganLayer(grid, name, colour, self)
        active = self._viewer.layers.selection.active
        self._viewer.layers.append(organ.layer)
        organ.layer.mode = "pan_zoom"
        if active is not None:
            self._viewer.layers.selection.active = active
        organ.painted.connect(lambda mask, drawn: self._on_painted(organ, mask, drawn))
        organ.taken_back.connect(
            lambda mask, drawn: self.taken_back.emit(self._name_of(organ), mask, drawn)
        )
        self.organs[name] = organ

    def _on_painted(self, organ: OrganLayer, mask: Any, drawn: Any) -> None:
        """Tell of a stroke after napari has finished with its own event."""
        name, where = self._name_of(organ), self._slice(organ.display)
        QTimer.singleShot(0, lambda: self.painted.emit(name, mask, drawn, where))

    def _slice(self, display: Display) -> Slice | None:
        if display.source.ndim == 2:
            return None
        axis = self._viewer.dims.not_displayed[-1] if self._viewer.dims.not_displayed else 0
        first, step = display.translate[axis], display.scale[axis]
        index = round((self._viewer.dims.point[axis] - first) / step)
        return Slice(display, axis, min(max(index, 0), display.shape[axis] - 1))

    def _name_of(self, organ: OrganLayer) -> str:
        return next((name for name, one in self.organs.items() if one is organ), "")

    def _lift_organs(self) -> None:
        """Let organs lie over the structures."""
        layers = self._viewer.layers
        for organ in self.organs.values():
            if organ.layer in layers and layers.index(organ.layer) < len(layers) - 1:
                layers.move(layers.index(organ.layer), len(layers))

    # --- mouse

    def _picks(self) -> bool:
        """Whether the mouse picks: the active layer does nothing else with it."""
        active = self._viewer.layers.selection.active
        flat = self._viewer.dims.ndisplay == 2
        return flat and (active is None or str(active.mode) in ("pan_zoom", "PAN_ZOOM"))

    def _move(self, _: Any, event: Any) -> None:
        here = self.structures.cluster_at(event.position) if self._picks() else None
        self.structures.hover(here)

    def _press(self, _: Any, event: Any) -> Generator[None, None, None]:
        if event.button != 1 or not self._picks():
            return
        pressed, out = np.asarray(event.position, float), "Alt" in event.modifiers
        yield
        while event.type == "mouse_move":
            yield
        pixel = 1 / self._viewer.scene.camera.zoom
        if np.abs(np.asarray(event.position) - pressed).max() > _HAND_SHAKES * pixel:
            return
        cluster = self.structures.cluster_at(tuple(pressed))
        if cluster is not None:
            QTimer.singleShot(0, lambda: self.picked.emit(cluster, out))

    def _on_removed(self, event: Any) -> None:
        """Forget a layer of ours that a person took away; it comes back with the next image."""
        if self._closing:
            return
        if event.value is self._image:
            self._image = None
        elif isinstance(event.value, Labels):
            for name, organ in list(self.organs.items()):
                if organ.layer is event.value:
                    del self.organs[name]
            layer = event.value
            if self.structures.owns(layer):
                QTimer.singleShot(0, lambda: self.structures.forget(layer))
