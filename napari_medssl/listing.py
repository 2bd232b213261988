"""The images of a folder, of files, or of a cohort whose images lie anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from medssl.progress import Progress
from napari_medssl.places import is_cohort

if TYPE_CHECKING:
    from medssl.io import ImageListing
    from napari_medssl.engine import Where


def list_where(where: Where, progress: Progress) -> ImageListing:
    """List the images; of a cohort its cases, under their stored names. Nothing is decoded.

    Raises
    ------
    medssl.errors.MedsslError
        If there is no image, or the cohort cannot be opened.
    """
    from medssl.cohort import Cohort
    from medssl.io import ImageListing, list_images

    if not is_cohort(where):
        return list_images(where, progress)
    with Cohort.open(where) as cohort:
        return ImageListing(tuple(case.source() for case in cohort.cases()))


def image_places(where: Where, progress: Progress) -> Where:
    """Give folders and files that hold the images: those of the cases, if it is a cohort."""
    if not is_cohort(where):
        return where
    return list(dict.fromkeys(_place(s.files, s.path) for s in list_where(where, progress).sources))


def _place(files: tuple[Path, ...], path: Path) -> Path:
    return path if len(files) > 1 else (files or (path,))[0]
