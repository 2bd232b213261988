"""The case that is looked at: its points, and its image where this dock shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from medssl.errors import MedsslError
from napari_medssl.cohorts.desk import Detail
from napari_medssl.cohorts.opening import Opening
from napari_medssl.engine import read_for_display

if TYPE_CHECKING:
    from medssl.io.image import Image


class Looking(Opening):
    """Follows the current case.

    Attributes
    ----------
    showing
        Whether this dock shows the image; another dock does it otherwise.
    shown_elsewhere
        Gives the key of the case that another dock shows; None without other docks.
    detail, image
        The current case once it is read.
    """

    showing = False
    shown_elsewhere: Callable[[], str | None] | None = None
    detail: Detail | None = None
    image: Image | None = None

    def go_to(self, key: str | None) -> None:
        """Look at another case."""
        if key == self.key or (key is not None and key not in self._by_key):
            return
        self.key, self.detail, self.image = key, None, None
        self.case_changed.emit()
        self._look_again()

    def step(self, step: int) -> None:
        """Go to the next or the previous case as they are shown."""
        keys = [case.key for case in self.shown]
        if keys:
            at = keys.index(self.key) + step if self.key in keys else 0
            self.go_to(keys[at % len(keys)])

    def set_showing(self, showing: bool) -> None:
        """Show the image of the current case here, or leave it to another dock."""
        if showing != self.showing:
            self.showing = showing
            self.image = None
            self.image_changed.emit()
            self._look_again()

    @property
    def is_seen(self) -> bool:
        """Whether a person can see the current case, and so judge it."""
        if self.detail is None:
            return False
        if self.showing:
            return self.image is not None
        return self.shown_elsewhere is None or self.shown_elsewhere() == self.key

    def _look_again(self) -> None:
        key = self.key
        if key is None:
            return
        if key not in self._by_key:
            self.key, self.detail, self.image = None, None, None
            self.case_changed.emit()
            return

        def have(detail: Detail) -> None:
            if detail.key == self.key:
                self.detail = detail
                self.detail_changed.emit()
                if self.showing and self.image is None:
                    self._read(detail)

        self._run(self._disk, lambda _: self._desk.detail(key), have)

    def _read(self, detail: Detail) -> None:
        def have(image: Image) -> None:
            if detail.key == self.key and self.showing:
                self.image = image
                self.image_changed.emit()

        def failed(error: BaseException) -> None:
            if isinstance(error, MedsslError):
                hint = "The case stays; connect its drive, or see medssl cohort check --repair."
                self._say("error", f"{error} {hint}")
            else:
                self._failed(error)

        self._run(self._display, lambda _: read_for_display(detail.source), have, failed)
