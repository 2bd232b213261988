"""Prior and images made ready for each other: scale, contrast, field of view."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.io import ImageSource
from medssl.prepare import ArrayCache, Case, PreparedCohort, PrepareSettings, prepare_cohort
from medssl.prepare.contrast import contrast_channels
from medssl.prepare.maps import to_working
from medssl.progress import Progress, silent
from medssl.segment.shape_guided.prior import ShapePrior, read_prior
from medssl.segment.shape_guided.recipe import shape_preparation
from medssl.segment.shape_guided.settings import ShapeSettings
from medssl.transfer import MaskFiles, find_masks
from medssl.transfer.masks import WHOLE


def open_shape(
    sources: Sequence[ImageSource],
    prior: str | Path,
    settings: ShapeSettings,
    label: str | None = None,
    fields: str | Path | None = None,
    leave_out: Sequence[str] = (),
    cache: ArrayCache | None = None,
    progress: Progress = silent,
) -> tuple[PreparedCohort, ShapePrior]:
    """Read the masks of the shape, and prepare the images to be looked at for it.

    Parameters
    ----------
    sources
        The images.
    prior
        Folder of the masks.
    settings
        Working scale and colour.
    label
        Which of several structures is the shape.
    fields
        Folder of masks of the field of view, named as the images; None, or for images without
        one: it is found.
    leave_out
        Stems of images whose masks are not learned from.
    cache
        Where prepared images are kept.
    progress
        Called throughout.

    Raises
    ------
    FileRefusedError
        If a mask is no mask, or there is none.
    SettingsError
        If not a single image can be used.
    """
    cache = cache if cache is not None else ArrayCache()
    plain = PrepareSettings(
        ndim=settings.ndim,
        channels=3,
        longest_side=settings.longest_side,
        spacing_mm=settings.spacing_mm,
    )
    ready: PreparedCohort | None = None
    if fields is not None or (plain.ndim == 3 and plain.spacing_mm is None):
        ready = prepare_cohort(sources, plain, cache, progress)
        plain = ready.settings
    shape = read_prior(
        prior, settings.ndim, settings.longest_side, plain.spacing_mm, label, leave_out
    )
    wanted = shape_preparation(settings, shape, plain)
    if ready is None or fields is None:
        return prepare_cohort(sources, wanted, cache, progress), shape
    masks = find_masks(fields, ready.cases, {"field": (WHOLE,)})
    cases = tuple(_in_field(case, masks, wanted, cache) for case in ready.cases)
    return PreparedCohort(cases, wanted, ready.problems), shape


def _in_field(case: Case, masks: MaskFiles, wanted: PrepareSettings, cache: ArrayCache) -> Case:
    """Prepare an image with a field of view that was given, or is found where none was."""
    assert wanted.contrast is not None
    field: NDArray[np.bool_] | None = None
    told = case.warnings
    if masks.known(case).any():
        source = masks.read(case)
        field = to_working(source, case.source_grid, case.grid)[0] > 0.5
        mark = hashlib.blake2b(np.packbits(field).tobytes(), digest_size=8).hexdigest()
    else:
        mark = "found"
        told = (*told, "it has no mask of its field of view: the field is found")
    key = f"{case.fingerprint}-{wanted.digest}-{mark}"
    found = cache.find_array("prepared", key)
    if found is None:
        made = contrast_channels(np.asarray(case.array), wanted.contrast, field)
        cached = cache.put_array("prepared", key, made.astype(np.float16))
    else:
        cached = found[0]
    return replace(case, cached=cached, warnings=told)
