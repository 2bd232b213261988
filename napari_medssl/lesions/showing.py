"""The map of the current case: made in the background, its regions cut as the threshold moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from medssl.errors import Cancelled
from medssl.progress import Progress
from napari_medssl.lesions.learning import Learning
from napari_medssl.lesions.mapping import METHODS, CaseMap, MapEngine, Threshold, cut_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medssl.lesions import Region
    from napari_medssl.worker import Runner

OTSU: Threshold = "otsu"


class Showing(Learning):
    """Keeps map and regions of the case that is looked at.

    An answer that comes after the case, the method or the threshold has changed is dropped.

    Attributes
    ----------
    engine, mapper, cutter
        What makes maps, and what runs that and the cutting into regions, each in order.
    method, second
        How maps are made, and what they are compared with; None: with nothing.
    threshold
        Share of a map's highest value, or ``"otsu"``.
    found, compared
        Maps of the current case, once they are made.
    labels, regions
        Its regions as a label map on the image's own grid, and as they are told.

    Signals
    -------
    maps_changed
        There is another map, or none.
    regions_changed
        The map was cut anew.
    map_kept
        Key of a case whose map is in the cache now.
    """

    maps_changed = Signal()
    regions_changed = Signal()
    map_kept = Signal(str)
    engine: MapEngine
    mapper: Runner
    cutter: Runner
    method: str = METHODS[0]
    second: str | None = None
    threshold: Threshold = OTSU
    found: CaseMap | None = None
    compared: CaseMap | None = None
    labels: NDArray | None = None  # type: ignore[type-arg]
    regions: tuple[Region, ...] = ()
    mapping = False
    _filled: frozenset[str] = frozenset()
    _cutting = False
    _cut_again = False

    def start_showing(self) -> None:
        """Follow the current case."""
        self.detail_changed.connect(self.show_map)
        self.case_changed.connect(self.forget_map)
        self.fit_changed.connect(self._fit_is_new)

    def set_method(self, method: str) -> None:
        """Make maps in another way."""
        if method != self.method:
            self.method = method
            self.show_map()

    def compare_with(self, method: str | None) -> None:
        """Show a map of another method too, or none any more."""
        if method != self.second:
            self.second, self.compared = method, None
            self.maps_changed.emit()
            self.show_map()

    def set_threshold(self, threshold: Threshold) -> None:
        """Cut regions elsewhere; the last one that is asked for is told."""
        if threshold != self.threshold:
            self.threshold = threshold
            self._cut()

    def forget_map(self) -> None:
        """Show no map: another case is looked at."""
        self.found, self.compared, self.labels, self.regions = None, None, None, ()
        self.maps_changed.emit()

    def show_map(self) -> None:
        """Make the maps of the current case, or take them from the cache."""
        detail, fit = self.detail, self.fit
        if detail is None or fit is None:
            return
        for method in (self.method, self.second):
            if method is not None and self._wants(detail.key, method):
                self._ask(method)

    def _wants(self, key: str, method: str) -> bool:
        """Whether a map is the one that is looked at, and not there yet."""
        fit = self.fit
        if fit is None or key != self.key or method not in (self.method, self.second):
            return False
        here = self.found if method == self.method else self.compared
        return here is None or (here.key, here.method, here.run) != (key, method, fit.run)

    def _ask(self, method: str) -> None:
        detail, fit = self.detail, self.fit
        assert detail is not None
        assert fit is not None
        self.mapping = True

        def make(_: Progress) -> CaseMap | None:
            wanted = self.fit is fit and self._wants(detail.key, method)
            return self.engine.map_case(fit.run, detail.source, method) if wanted else None

        def made(found: CaseMap | None) -> None:
            self.mapping = False
            if found is None or not self._wants(found.key, found.method):
                return
            if method == self.method:
                self.found = found
                self.map_kept.emit(found.key)
                self.maps_changed.emit()
                self._cut()
            else:
                self.compared = found
                self.maps_changed.emit()

        def failed(error: BaseException) -> None:
            self.mapping = False
            if not isinstance(error, Cancelled):
                self.second = None if method == self.second else self.second
                self._failed(error)
                self.maps_changed.emit()

        self._run(self.mapper, make, made, failed)

    def _cut(self) -> None:
        """Cut the map at the present threshold; while one cut runs the next waits."""
        found, threshold = self.found, self.threshold
        if found is None:
            return
        if self._cutting:
            self._cut_again = True
            return
        self._cutting = True

        def done(cut: tuple[NDArray, list[Region]]) -> None:  # type: ignore[type-arg]
            self._cutting = False
            again, self._cut_again = self._cut_again, False
            if found is self.found:
                self.labels, self.regions = cut[0], tuple(cut[1])
                self.regions_changed.emit()
            if again:
                self._cut()

        def failed(error: BaseException) -> None:
            self._cutting = self._cut_again = False
            self._failed(error)

        self._run(self.cutter, lambda _: cut_regions(found, threshold), done, failed)

    def _fit_is_new(self) -> None:
        if self.found is not None and (self.fit is None or self.found.run != self.fit.run):
            self.forget_map()
        self.show_map()
