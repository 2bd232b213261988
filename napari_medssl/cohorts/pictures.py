"""What the gallery shows of a case: its thumbnail with the masks, and where its points lie."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medssl.errors import MedsslError
from medssl.progress import Progress
from napari_medssl.cohorts.thumbnails import descriptor_of, shrink, size_of, slice_of, thumbnail
from napari_medssl.layers import Display
from napari_medssl.points import Source

if TYPE_CHECKING:
    from medssl.cohort import CaseRecord, Cohort, Point
    from medssl.cohort.findings import SegmentationRecord
    from medssl.geometry import Grid
    from medssl.prepare import ArrayCache

_LOG = logging.getLogger(__name__)
_MASKS = "mask-thumbnails"
_OPACITY = 0.4
_NEAR = 0.02


@dataclass(frozen=True)
class Mark:
    """A point on a thumbnail: `x` and `y` from 0 to 1, and what it is."""

    x: float
    y: float
    landmark: str
    source: Source
    confidence: float | None


@dataclass(frozen=True)
class Picture:
    """What is drawn of a case.

    Parameters
    ----------
    pixels
        ``(h, w, 3)``, 8 bits; None where the image cannot be read.
    marks
        Its points; of a volume those near the slice that is shown.
    trouble
        Why there is no picture.
    """

    pixels: NDArray[np.uint8] | None
    marks: tuple[Mark, ...] = ()
    trouble: str = ""


class PictureMaker:
    """Makes the pictures of one cohort's cases, in one background thread.

    Parameters
    ----------
    path
        The cohort's folder.
    cache
        Where thumbnails are kept; the user's cache by default.
    """

    def __init__(self, path: Path, cache: ArrayCache | None = None) -> None:
        self._path, self._cache = path, cache
        self._cohort: Cohort | None = None

    def make(self, key: str) -> Picture:
        """Make the picture of a case; what cannot be read is said in the picture."""
        try:
            return self._make(key)
        except MedsslError as error:
            return Picture(None, (), str(error))
        except OSError as error:
            return Picture(None, (), f"{key}: {error.strerror or error}. Check its drive.")

    def describe(self, keys: Sequence[str], progress: Progress) -> dict[str, NDArray[np.float32]]:
        """Describe what cases look like; those that cannot be read are left out."""
        found = {}
        for number, key in enumerate(keys):
            progress(number, len(keys), "Comparing the images")
            try:
                case = self._open().case(key)
                picture = thumbnail(case.source(), case.fingerprint, None, self._caches())
            except (MedsslError, OSError) as error:
                _LOG.info("%s is left out of the comparison: %s", key, error)
            else:
                found[key] = descriptor_of(picture)
        return found

    def close(self) -> None:
        """Close the cohort."""
        if self._cohort is not None:
            self._cohort.close()
            self._cohort = None

    def _make(self, key: str) -> Picture:
        cohort = self._open()
        case, points = cohort.case(key), cohort.points(key)
        display = Display.of(flat(case.grid))
        shown = [display.to_shown(p.point_vox[-display.source.ndim :]) for p in points]
        depth = None
        if display.source.ndim == 3 and points:
            depth = slice_of(display, round(float(shown[_first(points)][0])))
        pixels = thumbnail(case.source(), case.fingerprint, depth, self._caches())
        for record in cohort.segmentations(key):
            pixels = self._with_mask(cohort, case, record, display, depth, pixels)
        marks = [
            Mark(*_place(at, display), p.landmark, p.source, p.confidence)
            for p, at in zip(points, shown, strict=True)
            if display.source.ndim == 2 or _is_near(at[0], display, depth)
        ]
        return Picture(pixels, tuple(marks))

    def _with_mask(
        self,
        cohort: Cohort,
        case: CaseRecord,
        record: SegmentationRecord,
        display: Display,
        depth: int | None,
        pixels: NDArray[np.uint8],
    ) -> NDArray[np.uint8]:
        """Lay a segmentation over a picture; its own small picture is kept in the cache."""
        told = f"{record.fingerprint} {case.fingerprint} {depth}"
        key = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
        known = self._caches().get_array(_MASKS, key)
        colours = np.array(known) if known is not None else None
        if colours is None:
            colours = _mask_colours(cohort, record, display, depth)
            self._caches().put_array(_MASKS, key, colours)
        share = colours[..., 3:].astype(np.float32) / 255 * _OPACITY
        blended = pixels * (1 - share) + colours[..., :3] * share
        return blended.astype(np.uint8)

    def _open(self) -> Cohort:
        from medssl.cohort import Cohort

        if self._cohort is None:
            self._cohort = Cohort.open(self._path)
        return self._cohort

    def _caches(self) -> ArrayCache:
        from medssl.prepare import ArrayCache

        self._cache = self._cache if self._cache is not None else ArrayCache()
        return self._cache


def flat(grid: Grid) -> Grid:
    """Give the grid that is shown: of a single slice its plane."""
    from medssl.geometry import Grid
    from medssl.prepare.orientation import working_ndim

    if grid.ndim == 2 or working_ndim(grid) == 3:
        return grid
    return Grid.create(grid.shape[1:], grid.spacing[1:], unit=grid.unit)


def _mask_colours(
    cohort: Cohort, record: SegmentationRecord, display: Display, depth: int | None
) -> NDArray[np.uint8]:
    """Give the colours of a segmentation ``(h, w, 4)`` in the slice that is shown."""
    found = cohort.read_segmentation(record)
    height, width = size_of(display)
    colours = np.zeros((height, width, 4), np.uint8)
    for segment in found.segments:
        voxels = found.layers[segment.layer] == segment.label
        if display.source.ndim == 3:
            plane = display.show(voxels)[slice_of(display, depth)]
        else:
            plane = voxels.reshape(voxels.shape[-2:])
        inside = shrink(plane.astype(np.uint8) * 255, (height, width)) > 127
        colours[inside] = [*(int(segment.colour[i : i + 2], 16) for i in (1, 3, 5)), 255]
    return colours


def _first(points: list[Point]) -> int:
    """Which point decides about the slice: the least sure that was found, else the first."""
    found = [i for i, p in enumerate(points) if p.source == "predicted"]
    return min(found, key=lambda i: points[i].confidence or 0.0) if found else 0


def _is_near(z: float, display: Display, depth: int | None) -> bool:
    return abs(z - slice_of(display, depth)) <= max(1.0, _NEAR * display.shape[0])


def _place(shown_vox: NDArray[np.float64], display: Display) -> tuple[float, float]:
    y, x = ((v + 0.5) / n for v, n in zip(shown_vox[-2:], display.shape[-2:], strict=True))
    return float(x), float(y)
