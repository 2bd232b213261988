"""The current case in the viewer, while no other dock shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.widgets.canvas import LandmarkCanvas

if TYPE_CHECKING:
    from napari import Viewer


class OwnStage(QObject):
    """Shows the image and the points of the current case; a drag or a click corrects.

    Parameters
    ----------
    viewer
        Where they are shown.
    browser
        State of the dock.
    """

    def __init__(self, viewer: Viewer, browser: CohortBrowser, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._browser = viewer, browser
        self._landmark = ""
        self.canvas: LandmarkCanvas | None = None
        browser.image_changed.connect(self._show_image)
        browser.detail_changed.connect(self._show_points)

    def owns(self, layer: object) -> bool:
        """Whether a layer is one of ours."""
        return self.canvas is not None and self.canvas.owns(layer)

    def hide_others(self) -> None:
        """Hide the image layers that are not ours."""
        if self.canvas is not None:
            self.canvas.hide_others()

    def correct(self, landmark: str) -> None:
        """Let the next click place this landmark in the current case."""
        if self.canvas is not None:
            self._landmark = landmark
            self.canvas.arm(True)

    def close(self) -> None:
        """Take our layers out of the viewer."""
        if self.canvas is not None:
            self.canvas.close()
            self.canvas = None

    def end(self) -> None:
        """Let go of the dock's state, and of the viewer."""
        self._browser.image_changed.disconnect(self._show_image)
        self._browser.detail_changed.disconnect(self._show_points)
        self.close()

    def _show_image(self) -> None:
        image = self._browser.image
        if image is None:
            if not self._browser.showing:
                self.close()
            return
        if self.canvas is None:
            self.canvas = LandmarkCanvas(self._viewer, self)
            self.canvas.placed.connect(self._on_placed)
            self.canvas.deleted.connect(self._browser.delete_point)
        self.canvas.arm(False)
        self.canvas.show_image(image)
        detail = self._browser.detail
        if detail is not None and detail.points:
            self.canvas.look_at((detail.waiting or detail.points)[0])
        self._show_points()

    def _show_points(self) -> None:
        browser = self._browser
        detail, contents = browser.detail, browser.contents
        if self.canvas is None or detail is None or contents is None or browser.image is None:
            return
        self.canvas.show_points(detail.points, contents.landmarks)

    def _on_placed(self, landmark: str, point_vox: tuple[float, ...]) -> None:
        name = landmark or self._landmark
        if name and self._browser.place(name, point_vox):
            if self.canvas is not None:
                self.canvas.arm(False)
        else:
            self._show_points()
