"""Letters at the edges of the view: which side of the patient is where."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari.components.overlays import TextOverlay

from napari_medssl.reading.directions import Ends, ends
from napari_medssl.widgets.read_target import ReadTarget, known_of

if TYPE_CHECKING:
    from napari import Viewer

_PLACES = ("top_center", "bottom_center", "middle_left", "middle_right")
_NONE = ("", "")


def letters(
    pairs: tuple[Ends, ...], displayed: tuple[int, ...], ndim: int, upwards: bool, leftwards: bool
) -> tuple[str, str, str, str]:
    """Letters for top, bottom, left and right of the view.

    Parameters
    ----------
    pairs
        Letters at the ends of the image's spatial axes, as `ends` gives them.
    displayed
        The axes of the viewer that run down and along the screen.
    ndim
        Number of the viewer's axes; the image's are the last of them.
    upwards, leftwards
        Whether the view is turned over: rows grow to the top, columns to the left.
    """
    at = [axis - ndim + len(pairs) for axis in displayed[-2:]]
    rows, columns = (pairs[i] if 0 <= i < len(pairs) else _NONE for i in at)
    top, bottom = rows[::-1] if upwards else rows
    left, right = columns[::-1] if leftwards else columns
    return top, bottom, left, right


class OrientationLetters:
    """Keeps the letters right while slices are turned, for whichever image is read.

    There are none for images that do not say which way the patient lies, and none in 3-D.
    Several docks may hold them; they go when the last one lets go.

    Parameters
    ----------
    viewer
        The viewer; its images are shown in canonical order.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._holders = 0
        self._target = ReadTarget(viewer)
        self._target.changed.connect(self.refresh)
        self._overlays = [_overlay(viewer, place) for place in _PLACES]
        dims, camera = viewer.dims.events, viewer.scene.camera.events
        self._sources = (dims.order, dims.ndisplay, dims.ndim, camera.orientation)
        for source in self._sources:
            source.connect(self.refresh)
        self.refresh()

    @property
    def words(self) -> tuple[str, ...]:
        """What stands at top, bottom, left and right."""
        return tuple(overlay.text for overlay in self._overlays)

    def refresh(self, _: object = None) -> None:
        """Show the letters of the present view."""
        dims = self._viewer.dims
        pairs = ends(known_of(self._target.layer)) if dims.ndisplay == 2 else ()
        down, along = (str(one) for one in self._viewer.scene.camera.orientation2d)
        words = letters(pairs, dims.displayed, dims.ndim, down == "up", along == "left")
        for overlay, text in zip(self._overlays, words, strict=True):
            overlay.text = text
            overlay.visible = bool(text)

    def look(self) -> None:
        """Take notice at once that another image is shown."""
        self._target.look()
        self.refresh()

    def hold(self) -> None:
        """Count one more dock that shows the letters."""
        self._holders += 1

    def let_go(self) -> bool:
        """Count one dock less; take the letters away after the last, and say so."""
        self._holders -= 1
        if self._holders > 0:
            return False
        self._target.close()
        for source in self._sources:
            source.disconnect(self.refresh)
        for overlay in self._overlays:
            overlay.text, overlay.visible = "", False
        return True


def _overlay(viewer: Viewer, place: str) -> TextOverlay:
    """Give the text at an edge of a viewer; napari does not draw one that replaces another."""
    name = f"medssl_{place}"
    if name not in viewer.canvas.overlays:
        viewer.canvas.overlays[name] = TextOverlay(position=place, box=False, font_size=12)
    return viewer.canvas.overlays[name]


_HELD: WeakKeyDictionary[Viewer, OrientationLetters] = WeakKeyDictionary()


def hold_letters(viewer: Viewer) -> OrientationLetters:
    """Show the letters in a viewer until `release_letters` is called as often."""
    if viewer not in _HELD:
        _HELD[viewer] = OrientationLetters(viewer)
    _HELD[viewer].hold()
    return _HELD[viewer]


def release_letters(viewer: Viewer) -> None:
    """Let go of the letters; they go when nobody holds them any more."""
    if viewer in _HELD and _HELD[viewer].let_go():
        del _HELD[viewer]
