"""The heavy part of lesion maps: what a fit sees in a case, and where. Runs in one worker thread.

Nothing here knows of Qt or of the viewer. torch is imported inside the calls.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from medssl.geometry import Grid
    from medssl.io import ImageSource
    from medssl.lesions import LesionModel, Region
    from medssl.lesions.storage import LesionCard
    from medssl.prepare import ArrayCache, Case
    from medssl.progress import Progress

METHODS = ("layercam", "cam", "grad-cam", "grad-cam++", "hirescam", "attention")
"""As in `medssl.lesions.METHODS`, which takes torch with it; a test holds them together."""
MAPS = "lesion-maps"
Threshold = Literal["otsu"] | float


@dataclass(frozen=True)
class CaseMap:
    """What a fit says of one case, and where it sees it.

    Parameters
    ----------
    key, method, run
        Of which case, how it was made, by which fit.
    questions, probabilities
        What was asked, any lesion first, and the calibrated answers.
    by_net
        What each net answers to the first question alone.
    values
        Map of the first question on the image's own grid, 0 to its probability.
    grid
        That grid.
    slices
        Of a volume that was taken slice by slice: slice, weight and probability of each.
    """

    key: str
    method: str
    run: Path
    questions: tuple[str, ...]
    probabilities: tuple[float, ...]
    by_net: tuple[float, ...]
    values: NDArray[np.float32]
    grid: Grid
    slices: tuple[tuple[int, float, float], ...] = ()


class MapEngine(Protocol):
    """What the dock asks of the heavy part; tests give it a light one."""

    def map_case(self, run: Path, source: ImageSource, method: str) -> CaseMap:
        """Make the map of a case, or take it from the cache."""

    def is_known(self, run: Path, fingerprint: str, method: str) -> bool:
        """Whether the map of a case is in the cache."""

    def export(
        self, run: Path, sources: list[ImageSource], folder: Path, method: str,
        threshold: Threshold, progress: Progress,
    ) -> int:  # fmt: skip
        """Write maps, regions and tables of cases into a new folder; give the number of regions."""


class CoreMaps:
    """The heavy part on medssl's own core.

    Parameters
    ----------
    cache
        Where maps are kept; the user's cache by default.
    """

    def __init__(self, cache: ArrayCache | None = None) -> None:
        self._cache = cache
        self._opened: tuple[Path, LesionModel, LesionCard] | None = None

    def map_case(self, run: Path, source: ImageSource, method: str) -> CaseMap:
        """Make the map of a case, or take it from the cache.

        Raises
        ------
        medssl.errors.MedsslError
            If the fit or the image cannot be read, or its nets cannot make such maps.
        """
        from medssl.lesions import RegionSettings, on_source, smoothed

        model, card = self._open(run)
        case = self._prepare(source, card)
        cache = self._caches()
        key = map_key(run, case.fingerprint, method)
        found = cache.find_array(MAPS, key)
        if found is None:
            array, record = self._make(model, case, method)
            cached = cache.put_array(MAPS, key, array, record)
            found = cached, record
        cached, record = found
        soft = smoothed(np.asarray(cached.open(), np.float32), RegionSettings().smoothing)
        return CaseMap(
            source.key,
            method,
            run,
            card.questions,
            tuple(record["probabilities"]),
            tuple(record["by_net"]),
            on_source(soft, case)[0],
            case.source_grid,
            tuple((int(z), float(w), float(p)) for z, w, p in record["slices"]),
        )

    def is_known(self, run: Path, fingerprint: str, method: str) -> bool:
        """Whether the map of a case is in the cache."""
        return self._caches().find_array(MAPS, map_key(run, fingerprint, method)) is not None

    def export(
        self, run: Path, sources: list[ImageSource], folder: Path, method: str,
        threshold: Threshold, progress: Progress,
    ) -> int:  # fmt: skip
        """Write maps, regions and tables of cases into a new folder; give the number of regions.

        Raises
        ------
        medssl.errors.MedsslError
            If no image can be used, or the folder cannot be written.
        """
        from medssl.lesions import RegionSettings
        from medssl.lesions.writing import write_findings
        from medssl.prepare import prepare_cohort

        model, card = self._open(run)
        prepared = prepare_cohort(sources, card.input, self._caches(), progress)
        settings = RegionSettings(threshold=threshold)
        made: Any = method
        told = write_findings(folder, prepared.cases, model, made, settings, progress=progress)
        return int(told["regions"])

    def _make(
        self, model: LesionModel, case: Case, method: str
    ) -> tuple[NDArray[np.float16], dict[str, Any]]:
        from medssl.lesions.inputs import as_inputs

        made: Any = method
        found = model.find(case, made)
        assert found.maps is not None
        slices: list[tuple[int, float, float]] = []
        if found.slices is not None:
            (given,) = as_inputs([case], sliced=True)
            said, weights = found.slices
            rows = zip(given.source_slices(), weights, said[0], strict=True)
            slices = [(int(z), float(w), float(p)) for z, w, p in rows]
        alone = [] if found.by_net is None else found.by_net[:, 0].tolist()
        record = {
            "probabilities": found.probabilities.tolist(),
            "by_net": alone,
            "slices": slices,
        }
        return found.maps[:1].astype(np.float16), record

    def _open(self, run: Path) -> tuple[LesionModel, LesionCard]:
        from medssl.lesions.storage import load_lesion_model
        from napari_medssl.engine import leave_a_core_to_the_window

        if self._opened is None or self._opened[0] != run:
            leave_a_core_to_the_window()
            self._opened = (run, *load_lesion_model(run))
        return self._opened[1:]

    def _prepare(self, source: ImageSource, card: LesionCard) -> Case:
        from medssl.prepare import prepare_cohort

        return prepare_cohort([source], card.input, self._caches()).cases[0]

    def _caches(self) -> ArrayCache:
        from medssl.prepare import ArrayCache

        self._cache = self._cache if self._cache is not None else ArrayCache()
        return self._cache


def map_key(run: Path, fingerprint: str, method: str) -> str:
    """Name of a map in the cache: by the fit's weights, the image and the method."""
    try:
        stamp = (run / "lesions" / "lesions.json").stat().st_mtime_ns
    except OSError:
        stamp = 0
    told = f"1 {run.name} {stamp} {fingerprint} {method}"
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def cut_regions(found: CaseMap, threshold: Threshold) -> tuple[NDArray[np.int32], list[Region]]:
    """Cut a map into regions, the one with the highest score first."""
    from medssl.lesions import RegionSettings, find_regions

    return find_regions(found.values, found.grid, RegionSettings(threshold=threshold))


def threshold_value(found: CaseMap, threshold: Threshold) -> float:
    """Give the value of a map from which a voxel belongs to a region."""
    from medssl.lesions.regions import threshold_of

    value = threshold_of(found.values, threshold)
    return value if np.isfinite(value) else float(found.values.max())
