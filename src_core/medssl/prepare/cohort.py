"""Prepare a whole cohort into the cache; broken files never stop the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, TypeVar

from medssl.errors import FileRefusedError, GeometryError, SettingsError
from medssl.geometry import Grid
from medssl.io.formats import format_from_name
from medssl.prepare.cache import ArrayCache
from medssl.prepare.case import Case, PreparedCohort
from medssl.prepare.fingerprint import source_fingerprint
from medssl.prepare.orientation import working_ndim
from medssl.prepare.prepared import dimension_problem, prepare_image
from medssl.prepare.settings import PrepareSettings, resolve_settings
from medssl.progress import Progress, silent

if TYPE_CHECKING:
    from medssl.io import ImageListing, ImageSource, Problem
    from medssl.io.image import Image

_HELD_BYTES = 1 << 29
_Found = TypeVar("_Found")


def prepare_cohort(
    images: ImageListing | Sequence[ImageSource],
    settings: PrepareSettings,
    cache: ArrayCache | None = None,
    progress: Progress = silent,
    workers: int | None = None,
) -> PreparedCohort:
    """Prepare images into the cache; an unchanged file is not read a second time.

    Parameters
    ----------
    images
        What `medssl.io.list_images` returns, or sources.
    settings
        Working grid and channels; an open 3-D voxel size is chosen from the cohort.
    cache
        By default the user's cache.
    progress
        Called after each image from the calling thread; may raise `Cancelled`, what is
        prepared by then stays in the cache.
    workers
        Threads that read and resample; by default one a core, at most four.

    Raises
    ------
    SettingsError
        If not a single image can be used.
    StorageError
        If the cache cannot be written: disk full, no permission.
    """
    if isinstance(images, Sequence):
        sources, problems = tuple(images), []
    else:
        sources, problems = images.sources, list(images.problems)
    shop = _Workshop(cache if cache is not None else ArrayCache(), settings)
    workers = workers or min(4, os.cpu_count() or 1)
    if settings.ndim == 3 and settings.spacing_mm is None and sources:
        grids, refused = _for_each(shop.grid, sources, progress, "Reading geometry", workers)
        if not grids:
            raise SettingsError(_nothing_usable([*problems, *refused.values()]))
        shop.settings = resolve_settings(list(grids.values()), settings)
    cases, refused = _for_each(shop.case, sources, progress, "Preparing", workers)
    problems += [refused[index] for index in sorted(refused)]
    if not cases:
        raise SettingsError(_nothing_usable(problems))
    ordered = tuple(cases[index] for index in sorted(cases))
    return PreparedCohort(ordered, shop.settings, tuple(problems))


class _Workshop:
    """What the threads do with one source; images read for their geometry are kept a while."""

    def __init__(self, cache: ArrayCache, settings: PrepareSettings) -> None:
        self.cache = cache
        self.settings = settings
        self._held: dict[str, Image] = {}

    def grid(self, source: ImageSource) -> Grid:
        """Return the grid of a source that fits the dimension."""
        fingerprint = source_fingerprint(source, self.cache)
        grid = self._known_grid(fingerprint)
        if grid is None:
            image = self._read(source, fingerprint)
            grid = image.grid
            if sum(kept.array.nbytes for kept in list(self._held.values())) < _HELD_BYTES:
                self._held[source.key] = image
        self._check_dimension(source, grid)
        return grid

    def case(self, source: ImageSource) -> Case:
        """Prepare a source, or find it in the cache."""
        fingerprint = source_fingerprint(source, self.cache)
        promised = format_from_name(source.path) or "unnamed"  # a warning tells of a wrong name
        key = f"{fingerprint}-{self.settings.digest}-{promised}"
        found = self.cache.find_array("prepared", key)
        if found is None:
            grid = self._known_grid(fingerprint)
            if grid is not None:
                self._check_dimension(source, grid)
            image = self._held.pop(source.key, None) or self._read(source, fingerprint)
            self._check_dimension(source, image.grid)
            prepared = prepare_image(image, self.settings)
            record: dict[str, Any] = {
                "grid": prepared.grid.to_dict(),
                "source_grid": prepared.source_grid.to_dict(),
                "warnings": list(prepared.warnings),
                "modality": image.modality,
            }
            found = self.cache.put_array("prepared", key, prepared.array, record), record
        cached, known = found
        return Case(
            key=source.key,
            name=source.name,
            path=source.path,
            cached=cached,
            grid=Grid.from_dict(known["grid"]),
            source_grid=Grid.from_dict(known["source_grid"]),
            fingerprint=fingerprint,
            warnings=tuple(known["warnings"]),
            modality=str(known["modality"]),
        )

    def _read(self, source: ImageSource, fingerprint: str) -> Image:
        image = source.read()
        self.cache.put_record("source", fingerprint, {"grid": image.grid.to_dict()})
        return image

    def _known_grid(self, fingerprint: str) -> Grid | None:
        record = self.cache.get_record("source", fingerprint)
        return Grid.from_dict(record["grid"]) if record else None

    def _check_dimension(self, source: ImageSource, grid: Grid) -> None:
        if working_ndim(grid) != self.settings.ndim:
            raise FileRefusedError(source.path, *dimension_problem(grid, self.settings.ndim))


def _for_each(
    work: Callable[[ImageSource], _Found],
    sources: Sequence[ImageSource],
    progress: Progress,
    doing: str,
    workers: int,
) -> tuple[dict[int, _Found], dict[int, Problem]]:
    """Do `work` for all sources in threads; results and problems by position."""
    from medssl.io import Problem

    results: dict[int, _Found] = {}
    refused: dict[int, Problem] = {}
    pool = ThreadPoolExecutor(workers, thread_name_prefix="prepare")
    try:
        futures = {pool.submit(work, source): i for i, source in enumerate(sources)}
        for done, future in enumerate(as_completed(futures), 1):
            index = futures.pop(future)
            source = sources[index]
            try:
                results[index] = future.result()
            except (FileRefusedError, GeometryError) as error:
                refused[index] = Problem(source.path, str(error))
            except OSError as error:
                text = f"{source.path}: {error.strerror or error}. Check that it can be read."
                refused[index] = Problem(source.path, text)
            except MemoryError:
                text = f"{source.path}: too large for the memory. Make a smaller copy of it."
                refused[index] = Problem(source.path, text)
            progress(done, len(sources), f"{doing}: {source.name}")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return results, refused


def _nothing_usable(problems: Sequence[Problem]) -> str:
    if not problems:
        return "there are no images; give a folder or a list with at least one"
    shown = "; ".join(problem.message for problem in problems[:3])
    more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
    return f"none of the {len(problems)} images can be used: {shown}{more}"
