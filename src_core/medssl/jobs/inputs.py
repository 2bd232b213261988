"""The images of a job: listed and prepared, with what is left out told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medssl.cohort import DATABASE, Cohort
from medssl.errors import FileRefusedError
from medssl.io import ImageListing, ImageSource, list_images
from medssl.prepare import ArrayCache, PreparedCohort, PrepareSettings, prepare_cohort
from medssl.progress import Progress
from medssl.runs import RunFolder


def find_images(images: Sequence[str], run: RunFolder, progress: Progress) -> ImageListing:
    """List the images of a request; of a cohort's folder its cases, by their keys.

    Raises
    ------
    FileRefusedError
        If a path is gone, or there is not one image.
    """
    for name in images:
        if not Path(name).exists():
            raise FileRefusedError(
                name,
                "these images are not there (any more)",
                "Put them back, or plug in or mount their drive, and resume the run.",
            )
    listing = _listing(images, progress)
    for problem in listing.problems:
        run.event("log", level="left out", path=str(problem.path), message=problem.message)
    for note in listing.notes:
        run.event("log", level="note", message=note)
    if not listing.sources:
        raise FileRefusedError(
            images[0],
            f"none of its {len(listing.problems)} images can be read",
            "The run's log says why for each.",
        )
    return listing


def _listing(images: Sequence[str], progress: Progress) -> ImageListing:
    if len(images) == 1 and (Path(images[0]) / DATABASE).is_file():
        with Cohort.open(images[0]) as cohort:
            return ImageListing(tuple(case.source() for case in cohort.cases()))
    return list_images(images[0] if len(images) == 1 else list(images), progress=progress)


def prepare_images(
    sources: Sequence[ImageSource], settings: PrepareSettings, run: RunFolder, progress: Progress
) -> PreparedCohort:
    """Bring the images of a job onto the working grid, through the cache."""
    prepared = prepare_cohort(sources, settings, ArrayCache(), progress=progress)
    for problem in prepared.problems:
        run.event("log", level="left out", path=str(problem.path), message=problem.message)
    for warning in prepared.warnings:
        run.event("log", level="note", message=warning)
    return prepared


def note_inputs(prepared: PreparedCohort, run: RunFolder) -> None:
    """Write down which images a job works on."""
    inputs = [
        {"key": case.key, "path": str(case.path.absolute()), "fingerprint": case.fingerprint}
        for case in prepared.cases
    ]
    run.write_job((run.read_job() or {}) | {"inputs": inputs})
