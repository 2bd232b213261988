"""The argument IMAGES: a folder, files, or a list; found, prepared, embedded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.bars import working
from medssl.cli.output import say
from medssl.errors import FileRefusedError

if TYPE_CHECKING:
    from medssl.embed import DenseEmbedder, EmbeddedCohort
    from medssl.io import ImageListing, ImageSource, Problem
    from medssl.prepare import PreparedCohort, PrepareSettings

INSTANT = "instant"

Images = Annotated[
    list[Path],
    typer.Argument(
        metavar="IMAGES",
        help="A folder, one or more files, or a .txt list with one path a line.",
        show_default=False,
        readable=False,  # what may not be read is named and left out
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="DIR|instant",
        help="Model folder or run folder; 'instant' needs no training.",
        show_default=False,
    ),
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps ...")]


def find_images(images: Sequence[Path]) -> ImageListing:
    """List the images that `images` name; what is left out is told.

    Raises
    ------
    FileRefusedError
        If there is not one image.
    """
    from medssl.io import list_images

    with working("Looking for images") as report:
        listing = list_images(images[0] if len(images) == 1 else list(images), progress=report)
    tell_problems(listing.problems)
    for note in listing.notes:
        say(note)
    if not listing.sources:
        raise FileRefusedError(
            images[0],
            f"none of its {len(listing.problems)} images can be read",
            "See the reasons above",
        )
    return listing


def prepare(sources: Sequence[ImageSource], settings: PrepareSettings) -> PreparedCohort:
    """Bring the images onto the working grid, through the cache.

    What is left out is told, and each warning once.
    """
    from medssl.prepare import ArrayCache, prepare_cohort

    with working("Preparing images") as report:
        prepared = prepare_cohort(sources, settings, ArrayCache(), progress=report)
    tell_problems(prepared.problems)
    if prepared.problems:
        used = "1 image" if len(prepared.cases) == 1 else f"{len(prepared.cases)} images"
        say(f"working in {settings.ndim}-D with {used}; {len(prepared.problems)} left out")
    for warning in prepared.warnings:
        say(warning)
    return prepared


def embed_images(
    sources: Sequence[ImageSource], model: str, ndim: int, device: str, for_landmarks: bool = False
) -> tuple[EmbeddedCohort, DenseEmbedder]:
    """Open the model, prepare the images for it and embed them, through the cache."""
    from medssl.embed import embed_cohort, open_embedder, open_landmark_embedder
    from medssl.prepare import ArrayCache

    opener = open_landmark_embedder if for_landmarks else open_embedder
    embedder = opener(model, ndim=ndim, device=device)
    prepared = prepare(sources, embedder.settings)
    with working("Embedding images") as report:
        return embed_cohort(prepared, embedder, ArrayCache(), progress=report), embedder


def tell_problems(problems: Sequence[Problem]) -> None:
    """Name on stderr what was left out, and why."""
    for problem in problems:
        say(f"left out: {problem.message}")


def left_out(listing: ImageListing, prepared: PreparedCohort) -> list[dict[str, Any]]:
    """Give as plain values what was left out on the way from the files to the cohort, and why."""
    problems = (*listing.problems, *prepared.problems)
    return [{"path": problem.path, "message": problem.message} for problem in problems]
