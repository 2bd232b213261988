"""The points that the window shows: who set them, how sure they are, which come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from medssl.levels import level_of

if TYPE_CHECKING:
    from medssl.cohort import Point
    from medssl.landmarks import FoundPoint

Source = Literal["manual", "predicted", "corrected"]
Level = Literal["set", "high", "check", "low"]
PointKey = tuple[str, str]  # (case key, landmark)

#: One symbol a source, in words and lists: solid disc, solid diamond, open ring.
SYMBOLS: Mapping[Source, str] = {"manual": "●", "corrected": "◆", "predicted": "○"}


@dataclass(frozen=True)
class PointState:
    """One landmark in one image.

    Parameters
    ----------
    case_key, landmark
        Where it belongs.
    point_vox
        ``(z, y, x)`` or ``(y, x)`` in the source image's voxels.
    source
        Who set it.
    confidence
        0 to 1 for a found point, and for one that a person accepted as it was found; None for
        a point that a person placed or moved.
    level
        ``"set"`` where a person has set or accepted it, else how sure the finder is.
    author
        Initials of the person, where they are known.
    """

    case_key: str
    landmark: str
    point_vox: tuple[float, ...]
    source: Source
    confidence: float | None = None
    level: Level = "set"
    author: str | None = None

    @property
    def is_template(self) -> bool:
        """Whether it teaches the finder: a person placed or moved it."""
        return self.source != "predicted" and self.confidence is None

    @property
    def needs_a_look(self) -> bool:
        """Whether a person should check it."""
        return self.level in ("check", "low")


def from_store(point: Point) -> PointState:
    """Take a point from the cohort."""
    level: Level = "set"
    if point.source == "predicted":
        level = level_of(point.confidence or 0.0)
    return PointState(
        point.case_key,
        point.landmark,
        point.point_vox,
        point.source,
        point.confidence,
        level,
        point.author,
    )


def from_found(found: FoundPoint) -> PointState:
    """Take a point from the finder."""
    return PointState(
        found.case_key,
        found.landmark,
        tuple(float(v) for v in found.point_vox),
        "predicted",
        float(found.confidence),
        found.level,
    )


def least_sure_first(points: Iterable[PointState]) -> list[PointState]:
    """Order for review: found points from unsure to sure, then those that a person set."""
    return sorted(points, key=_review_rank)


def _review_rank(point: PointState) -> tuple[int, float]:
    if point.source == "predicted":
        return 0, point.confidence or 0.0
    return 1, 0.0


@dataclass(frozen=True)
class Counts:
    """How far a landmark is: set by a person, found surely, to check, of how many images."""

    by_person: int
    sure: int
    to_check: int
    images: int

    @property
    def words(self) -> str:
        """The counts as they stand beside the landmark's name."""
        done = self.by_person + self.sure
        if done + self.to_check == 0:
            return "click it once"
        parts = [f"{done} ✓"] if done else []
        parts += [f"{self.to_check} to check"] if self.to_check else []
        return "  ".join(parts)


def count(points: Iterable[PointState], images: int) -> Counts:
    """Count the points of one landmark."""
    listed = list(points)
    return Counts(
        by_person=sum(p.level == "set" for p in listed),
        sure=sum(p.level == "high" for p in listed),
        to_check=sum(p.needs_a_look for p in listed),
        images=images,
    )
