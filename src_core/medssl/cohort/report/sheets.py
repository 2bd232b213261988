"""Contact sheets: the least sure predictions, the largest corrections, the masks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medssl.cohort.findings import SegmentationRecord
from medssl.cohort.records import Correction, Point
from medssl.cohort.report.markup import counted, name, paragraph, text
from medssl.cohort.report.shown import ShownCases
from medssl.cohort.report.tiles import Mark, Tile, tile_html
from medssl.cohort.report.view import fullest_slice
from medssl.cohort.store import Cohort
from medssl.errors import MedsslError
from medssl.figures import landmark_colours
from medssl.io import Segmentation
from medssl.progress import Progress

_MOST_NAMED = 30


class Sheets:
    """Draws the contact sheets of a cohort.

    Parameters
    ----------
    cohort, shown
        The cohort, and what its cases are called.
    corrections
        Predictions that people have answered.
    most
        Number of thumbnails in a sheet at most.
    progress
        Told about each thumbnail.
    """

    def __init__(
        self,
        cohort: Cohort,
        shown: ShownCases,
        corrections: Sequence[Correction],
        most: int,
        progress: Progress,
    ) -> None:
        self._cohort, self._shown, self._answered = cohort, shown, corrections
        self._most, self._progress = most, progress
        records = cohort.landmarks()
        hues = landmark_colours([record.name for record in records])
        self._numbers = {record.name: number for number, record in enumerate(records, 1)}
        self._colours = {
            record.name: record.colour or "#{:02x}{:02x}{:02x}".format(*hues[record.name])
            for record in records
        }

    def html(self) -> str:
        """Give all sheets that have something to show."""
        if not self._most:
            return ""
        sheets = [self._unsure(), self._corrected(), self._masked()]
        points = self._legend() if sheets[0] or sheets[1] else ""
        return points + "".join(sheets)

    def _unsure(self) -> str:
        least: dict[str, Point] = {}
        for point in self._cohort.points():
            if point.source != "predicted" or point.confidence is None:
                continue
            known = least.get(point.case_key)
            if known is None or point.confidence < (known.confidence or 0.0):
                least[point.case_key] = point
        waiting = sorted(least.values(), key=lambda point: point.confidence or 0.0)
        tiles = []
        for point in waiting[: self._most]:
            key = point.case_key
            lines = (self._shown.about(key), f"{point.landmark}: {point.confidence:.2f}")
            marks = [self._mark(p) for p in self._cohort.points(key)]
            tiles.append(self._tile(key, lines, marks, point))
        what = f"{counted(len(waiting), 'case')} with predictions that wait, the least sure first"
        return self._sheet("Least sure predictions", what, tiles, len(waiting))

    def _corrected(self) -> str:
        by_case: dict[str, list[Correction]] = {}
        moved = [one for one in self._answered if one.distance > 0]
        for one in sorted(moved, key=lambda one: -one.distance):
            by_case.setdefault(one.case_key, []).append(one)
        tiles = []
        for key, corrections in list(by_case.items())[: self._most]:
            before = {one.landmark: one.found_vox for one in corrections}
            first = corrections[0]
            points = [p for p in self._cohort.points(key) if p.source != "predicted"]
            largest = next((p for p in points if p.landmark == first.landmark), None)
            marks = [self._mark(p, before.get(p.landmark)) for p in points]
            moved_by = f"{first.landmark}: {first.distance:.1f} {first.unit}"
            lines = (self._shown.about(key), moved_by)
            tiles.append(self._tile(key, lines, marks, largest))
        what = f"{counted(len(by_case), 'case')} with corrections, the largest first"
        return self._sheet("Largest corrections", what, tiles, len(by_case))

    def _masked(self) -> str:
        by_case: dict[str, list[SegmentationRecord]] = {}
        for record in self._cohort.segmentations():
            by_case.setdefault(record.case_key, []).append(record)
        chosen = sorted(by_case, key=lambda key: all(r.kind == "human" for r in by_case[key]))
        tiles = []
        for key in chosen[: self._most]:
            masks = list(self._read(by_case[key]))
            at = next(
                (
                    place
                    for found in masks
                    for segment in found.segments
                    if (place := fullest_slice(found.mask(segment), found.grid)) is not None
                ),
                None,
            )
            lines = [self._shown.about(key)]
            lines += [f"{r.name}: {_SOURCES[r.source]}" for r in by_case[key]]
            lines += [] if len(masks) == len(by_case[key]) else ["a mask cannot be read"]
            case = self._shown.record(key)
            tiles.append(Tile(case, self._shown[key], lines, masks=masks, at=at))
        what = f"{counted(len(by_case), 'case')} with masks, predicted ones first"
        return self._sheet("Masks", what, tiles, len(by_case))

    def _read(self, records: Iterable[SegmentationRecord]) -> Iterable[Segmentation]:
        for record in records:
            try:
                yield self._cohort.read_segmentation(record)
            except MedsslError:
                continue  # the tile says so

    def _mark(self, point: Point, before: Sequence[float] | None = None) -> Mark:
        return Mark(
            self._numbers[point.landmark], point.landmark, self._colours[point.landmark],
            point.point_vox, point.source != "predicted", before,
        )  # fmt: skip

    def _tile(
        self, key: str, lines: Sequence[str], marks: Sequence[Mark], at: Point | None
    ) -> Tile:
        place = at.point_vox if at is not None else None
        return Tile(self._shown.record(key), self._shown[key], lines, marks, at=place)

    def _sheet(self, title: str, what: str, tiles: Sequence[Tile], count: int) -> str:
        if not tiles:
            return ""
        drawn = []
        for number, tile in enumerate(tiles):
            self._progress(number, len(tiles), tile.title)
            drawn.append(tile_html(tile))
        self._progress(len(tiles), len(tiles), "")
        first = f"; the first {len(tiles)} are shown" if count > len(tiles) else ""
        return (
            f"<h3>{text(title)}</h3>\n{paragraph(text(what + first + '.'))}"
            f'<div class="sheet">\n{"".join(drawn)}</div>\n'
        )

    def _legend(self) -> str:
        items = "".join(
            f'<li><span class="key" style="background:{text(self._colours[landmark])}"></span>'
            f"{number} {name(landmark)}</li>"
            for landmark, number in list(self._numbers.items())[:_MOST_NAMED]
        )
        marks = "A ring is a prediction, a cross a person’s point; a line joins the two."
        return f'{paragraph(marks)}<ul class="legend">{items}</ul>\n'


_SOURCES = {"manual": "drawn", "corrected": "corrected", "predicted": "predicted"}
