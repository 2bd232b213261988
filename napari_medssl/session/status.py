"""What the foot of the window says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from medssl.errors import MedsslError

if TYPE_CHECKING:
    from medssl.io import ImageListing

Kind = Literal["info", "busy", "done", "error"]


@dataclass(frozen=True)
class Status:
    """One line for the foot of the window; an error also says what to do."""

    kind: Kind
    text: str


def error_words(error: BaseException) -> str:
    """Say an error: one of ours carries its remedy, any other was logged."""
    if isinstance(error, MedsslError):
        return str(error)
    if isinstance(error, MemoryError):
        return (
            "There is not enough memory for this. Close other programs, or open fewer or smaller "
            "images; what was finished is kept."
        )
    return f"Something unexpected went wrong ({type(error).__name__}: {error}). It was logged."


def shown_action(action: str | None, names: Mapping[str, str]) -> str:
    """Say an action of the journal with the names of images that are shown."""
    said = action or ""
    for key, name in names.items():
        if said.endswith(f" {key}"):
            return f"{said[: -len(key)]}{name}"
    return said


def no_image_words(listing: ImageListing) -> str:
    """Say that nothing could be read, and the first reason."""
    first = listing.problems[0].message if listing.problems else ""
    return f"No image could be read. {first}"


def image_words(number: int) -> str:
    """Count images: ``1 image``, ``2 images``."""
    return f"{number} image{'' if number == 1 else 's'}"


def note_words(number: int) -> str:
    """Count notes: ``1 note``, ``2 notes``."""
    return f"{number} note{'' if number == 1 else 's'}"


def and_words(names: Sequence[str]) -> str:
    """Join names: ``a, b and c``; more than three are counted."""
    if len(names) > 3:
        return f"{len(names)} landmarks"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
