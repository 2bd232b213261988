"""Points leave as CSV and as Slicer markups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_medssl.points import PointState

if TYPE_CHECKING:
    from medssl.io.landmarks import ExportPoint
    from napari_medssl.session import Session

Writer = Callable[[Sequence[PointState]], Sequence[Path]]


def csv_writer(path: Path, session: Session) -> Writer:
    """Writer of one table with the points of all images."""
    convert = _converter(session)

    def write(points: Sequence[PointState]) -> Sequence[Path]:
        from medssl.io.landmarks import write_landmarks_csv

        write_landmarks_csv(path, convert(points))
        return [path]

    return write


def markups_writer(folder: Path, session: Session) -> Writer:
    """Writer of one Slicer file an image: each image has a world of its own."""
    convert = _converter(session)

    def write(points: Sequence[PointState]) -> Sequence[Path]:
        from medssl.io.markups import write_markups_json

        by_image: dict[str, list[ExportPoint]] = {}
        for point in convert(points):
            by_image.setdefault(point.image, []).append(point)
        written = []
        for image, its_points in by_image.items():
            stem = image.replace("/", "_").replace("#", "_").split(".")[0]
            path = folder / f"{stem}.mrk.json"
            write_markups_json(path, its_points)
            written.append(path)
        return written

    return write


def _converter(session: Session) -> Callable[[Sequence[PointState]], list[ExportPoint]]:
    grids, names = session.grids(), dict(session.names)

    def convert(points: Sequence[PointState]) -> list[ExportPoint]:
        from medssl.io.landmarks import ExportPoint

        return [
            ExportPoint(
                image=names.get(p.case_key, p.case_key),
                landmark=p.landmark,
                point_vox=p.point_vox,
                point_world=tuple(grids[p.case_key].voxel_to_world(p.point_vox).tolist()),
                unit=grids[p.case_key].unit,
                confidence=p.confidence,
                source=p.source,
            )
            for p in points
            if p.case_key in grids
        ]

    return convert
