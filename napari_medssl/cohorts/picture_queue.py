"""Pictures are made in the background, those that came into view last first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from medssl.errors import Cancelled
from medssl.progress import Progress
from napari_medssl.cohorts.pictures import Picture, PictureMaker

if TYPE_CHECKING:
    from napari_medssl.worker import Runner

_AT_ONCE = 6
_MOST_WAITING = 150


class PictureQueue:
    """Asks for pictures of cases, a few at a time.

    What was asked for long ago and not made yet is dropped: it has been scrolled away, and is
    asked for again when it comes back into view.

    Parameters
    ----------
    runner
        What makes them, in order.

    Signals
    -------
    made
        A case's key and its `Picture`.
    """

    made = Signal(str, object)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._maker: PictureMaker | None = None
        self._waiting: dict[str, None] = {}
        self._busy = False

    def use(self, path: Path | None) -> None:
        """Make pictures of another cohort."""
        old, self._maker = self._maker, None if path is None else PictureMaker(path)
        self._waiting.clear()
        if old is not None:
            self._runner.submit(lambda _: old.close(), lambda _: None, lambda _: None)

    def want(self, key: str) -> None:
        """Ask for a picture; the last one asked for is made first."""
        self._waiting.pop(key, None)
        self._waiting[key] = None
        if len(self._waiting) > _MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._go_on()

    def _go_on(self) -> None:
        if self._busy or not self._waiting or self._maker is None:
            return
        maker = self._maker
        keys = list(reversed(self._waiting))[:_AT_ONCE]
        for key in keys:
            del self._waiting[key]
        self._busy = True

        def work(progress: Progress) -> list[tuple[str, Picture]]:
            progress(0, 0, "")
            return [(key, maker.make(key)) for key in keys]

        def done(pictures: list[tuple[str, Picture]]) -> None:
            self._busy = False
            if maker is self._maker:
                for key, picture in pictures:
                    self.made.emit(key, picture)
            self._go_on()

        def failed(error: BaseException) -> None:
            self._busy = False
            if not isinstance(error, Cancelled):
                for key in keys:
                    self.made.emit(key, Picture(None, (), str(error)))
            self._go_on()

        self._runner.submit(work, done, failed)
