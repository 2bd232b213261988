"""A landmark that was found, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from medssl.levels import Level


@dataclass(frozen=True)
class FoundPoint:
    """Where a landmark was found in an image.

    Parameters
    ----------
    landmark, case_key
        Which landmark, in which image.
    point_vox
        Place ``(z, y, x)`` in the image's own voxels.
    point_world
        Place ``(x, y, z)``, LPS, in the unit of the image's grid.
    confidence
        0 to 1; grows as the expected error falls.
    level
        The confidence in words.
    similarity
        Cosine of the embedding there to the template's.
    margin
        Lead of the peak over the next separate one.
    cycle_error
        Distance in the template image, in the unit of its grid, between the click and the place
        that matches the found point best; None where it was not asked for.
    shape_flag
        True if the point breaks the shape of the set of landmarks.
    """

    landmark: str
    case_key: str
    point_vox: tuple[float, ...]
    point_world: tuple[float, ...]
    confidence: float
    level: Level
    similarity: float
    margin: float
    cycle_error: float | None = None
    shape_flag: bool = False
