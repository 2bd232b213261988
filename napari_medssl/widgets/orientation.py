"""Letters at the edges of the view: which side of the patient is where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.components.overlays import TextOverlay

if TYPE_CHECKING:
    from napari import Viewer

#: From the low to the high end of the canonical axes z, y, x.
ENDS = (("I", "S"), ("A", "P"), ("R", "L"))
_PLACES = ("top_center", "bottom_center", "top_left", "top_right")


def letters(displayed: tuple[int, ...]) -> tuple[str, str, str, str]:
    """Letters for top, bottom, left and right, for the two displayed axes of a volume."""
    (top, bottom), (left, right) = (ENDS[axis] for axis in displayed)
    return top, bottom, left, right


class OrientationLetters:
    """Keeps the letters right while slices are turned; shows none for pictures and in 3-D.

    Parameters
    ----------
    viewer
        The viewer; volumes in it are shown in canonical order.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._volume = False
        self._overlays = [TextOverlay(position=p, box=False, font_size=12) for p in _PLACES]
        for place, overlay in zip(_PLACES, self._overlays, strict=True):
            viewer.canvas.overlays[f"medssl_{place}"] = overlay
        viewer.dims.events.order.connect(self._refresh)
        viewer.dims.events.ndisplay.connect(self._refresh)

    def show(self, volume: bool) -> None:
        """Say whether the image is a volume whose place in the patient is known."""
        self._volume = volume
        self._refresh()

    def close(self) -> None:
        """Hide the letters and let go of the viewer."""
        self.show(False)
        self._viewer.dims.events.order.disconnect(self._refresh)
        self._viewer.dims.events.ndisplay.disconnect(self._refresh)

    def _refresh(self) -> None:
        dims = self._viewer.dims
        seen = self._volume and dims.ndisplay == 2 and dims.ndim == len(ENDS)
        words = letters(dims.displayed) if seen else ("",) * len(_PLACES)
        for overlay, text in zip(self._overlays, words, strict=True):
            overlay.text = text
            overlay.visible = bool(text)
