"""The pictures that were made last, ready to be drawn."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtGui import QImage, QPixmap

from napari_medssl.cohorts.picture_queue import PictureQueue
from napari_medssl.cohorts.pictures import Mark, Picture

_KEPT = 600
_TOGETHER_MS = 40


@dataclass(frozen=True)
class Drawn:
    """A picture as Qt draws it; without a pixmap it could not be read."""

    pixmap: QPixmap | None
    marks: tuple[Mark, ...]
    trouble: str


class Pixmaps(QObject):
    """Keeps some hundred pictures; asks for those that are missing.

    Parameters
    ----------
    queue
        Makes them in the background.

    Signals
    -------
    fresh
        There are new ones; told once for all of one moment.
    """

    fresh = Signal()

    def __init__(self, queue: PictureQueue) -> None:
        super().__init__()
        self._queue = queue
        self._known: OrderedDict[str, Drawn] = OrderedDict()
        self._stale: set[str] = set()
        self._later = QTimer(self, singleShot=True, interval=_TOGETHER_MS)
        self._later.timeout.connect(self.fresh)
        queue.made.connect(self._take)

    def get(self, key: str) -> Drawn | None:
        """Give the picture of a case; None while it is being made."""
        known = self._known.get(key)
        if known is None:
            self._queue.want(key)
        else:
            self._known.move_to_end(key)
            if key in self._stale:
                self._stale.discard(key)
                self._queue.want(key)
        return known

    def make_anew(self) -> None:
        """Look again at every case that comes into view; the old pictures stay until then."""
        self._stale = set(self._known)

    def forget(self) -> None:
        """Drop all: another cohort was opened."""
        self._known.clear()
        self._stale.clear()

    def _take(self, key: str, picture: Picture) -> None:
        self._known[key] = Drawn(to_pixmap(picture), picture.marks, picture.trouble)
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._stale.discard(self._known.popitem(last=False)[0])
        if not self._later.isActive():
            self._later.start()


def to_pixmap(picture: Picture) -> QPixmap | None:
    """Turn the pixels of a picture into what Qt draws."""
    pixels = picture.pixels
    if pixels is None:
        return None
    height, width = pixels.shape[:2]
    data = pixels.tobytes()
    image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image)
