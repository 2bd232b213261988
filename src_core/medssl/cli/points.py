"""The option ``--points``: files of landmarks, or ``name=x,y[,z]``."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medssl.cli.output import say
from medssl.errors import FileRefusedError, SettingsError

if TYPE_CHECKING:
    from medssl.geometry import Grid


@dataclass(frozen=True)
class GivenPoint:
    """A clicked landmark as it was given.

    Parameters
    ----------
    landmark
        Its name.
    xyz
        ``(x, y[, z])``, x along the fastest axis.
    is_world
        Whether `xyz` is in the world (LPS, mm) and not in voxels.
    """

    landmark: str
    xyz: tuple[float, ...]
    is_world: bool = False

    def in_voxels(self, grid: Grid) -> tuple[float, ...]:
        """Position in the voxels ``(z, y, x)`` of an image.

        Raises
        ------
        SettingsError
            If the point has not as many coordinates as the image has axes.
        """
        xyz = self.xyz
        if len(xyz) == 3 and grid.ndim == 2 and abs(xyz[2]) < 0.5:
            xyz = xyz[:2]  # a picture, or a volume of a single slice
        if len(xyz) != grid.ndim:
            raise SettingsError(
                f"landmark {self.landmark!r} has {len(xyz)} coordinates, the image has"
                f" {grid.ndim} axes. Give x,y for a picture and x,y,z for a volume"
            )
        if self.is_world:
            return tuple(grid.world_to_voxel(xyz).tolist())
        return tuple(reversed(xyz))


def read_points(values: Sequence[str], image_names: Collection[str]) -> list[GivenPoint]:
    """Read every ``--points`` value.

    Parameters
    ----------
    values
        Each a landmark CSV, a Slicer ``.mrk.json`` or ``.fcsv``, or ``name=x,y[,z]``.
    image_names
        What the template image may be called in a CSV; its other lines are left out.

    Raises
    ------
    SettingsError
        If a value is neither, or a landmark is given twice.
    FileRefusedError
        If a file cannot be read or has no point of the template image.
    """
    points = [point for value in values for point in _read_value(value, image_names)]
    names = [point.landmark for point in points]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(
            f"landmark {twice[0]!r} is given twice. Give each landmark one point and one name"
        )
    return points


def _read_value(value: str, image_names: Collection[str]) -> list[GivenPoint]:
    path = Path(value)
    if value.lower().endswith(".json") and "=" not in value:
        from medssl.io import read_markups_json

        return [GivenPoint(p.label, p.point_mm, is_world=True) for p in read_markups_json(path)]
    if value.lower().endswith(".fcsv") and "=" not in value:
        from medssl.io import read_fcsv

        found = read_fcsv(path)
        for problem in found.problems:
            say(f"{path.name}: {problem}; left out")
        return [GivenPoint(p.label, p.point_mm, is_world=True) for p in found.points]
    if path.is_file() or "=" not in value:
        return _from_csv(path, image_names)
    return [_from_text(value)]


def _from_csv(path: Path, image_names: Collection[str]) -> list[GivenPoint]:
    from medssl.io import read_landmarks_csv

    rows = read_landmarks_csv(path)
    points = [
        GivenPoint(row.landmark, tuple(reversed(row.point_vox)))
        for row in rows
        if row.image in image_names
    ]
    if not points:
        raise FileRefusedError(
            path,
            f"no line of it is about the template image {min(image_names, key=len)!r}",
            "Its column `image` must hold the template's file name",
        )
    return points


def _from_text(value: str) -> GivenPoint:
    name, _, numbers = value.rpartition("=")
    try:
        xyz = tuple(float(number) for number in numbers.split(","))
    except ValueError:
        xyz = ()
    if not name.strip() or len(xyz) not in (2, 3) or not all(map(math.isfinite, xyz)):
        raise SettingsError(f"--points {value}: not a file and not name=x,y or name=x,y,z")
    return GivenPoint(name.strip(), xyz)
