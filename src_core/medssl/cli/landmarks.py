"""``medssl landmarks``: points clicked on one image, found in all the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from medssl.cli.bars import working
from medssl.cli.images import (
    INSTANT,
    DeviceOption,
    Images,
    ModelOption,
    embed_images,
    find_images,
    left_out,
)
from medssl.cli.output import JsonFlag, out, print_json, say
from medssl.cli.points import read_points
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.geometry import Grid
    from medssl.io import ExportPoint, ImageSource, Problem
    from medssl.landmarks import FoundPoint

ENDINGS = (".csv", ".mrk.json")
LEVEL_STYLES = {"high": "green", "check": "yellow", "low": "red"}


def landmarks(
    images: Images,
    template: Annotated[
        Path,
        typer.Option(metavar="IMAGE", help="The image that was clicked on.", show_default=False),
    ],
    points: Annotated[
        list[str],
        typer.Option(
            metavar="FILE|name=x,y[,z]",
            help="Clicked points: CSV, Slicer .mrk.json, .fcsv, or name=x,y[,z] in 0-based voxels.",
            show_default=False,
        ),
    ],
    out_file: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE",
            help=".csv, or .mrk.json (one file an image: its name is added).",
            show_default=False,
        ),
    ],
    model: ModelOption = INSTANT,
    device: DeviceOption = "auto",
    json: JsonFlag = False,
) -> None:
    """Find the points of one image in all the others."""
    if not out_file.name.lower().endswith(ENDINGS):
        raise SettingsError(f"--out {out_file}: the name must end in {' or '.join(ENDINGS)}")
    listing = find_images(images)
    sources, clicked = with_template(listing.sources, template)
    grid = _grid_of(clicked)
    given = read_points(points, _names(clicked))
    manual = {point.landmark: point.in_voxels(grid) for point in given}
    _require_inside(manual, grid, clicked.path)
    embedded, _ = embed_images(sources, model, grid.ndim, device, for_landmarks=True)
    grids = {case.case.key: case.case.source_grid for case in embedded.cases}
    _require_others(grids, clicked, embedded.prepared.problems)

    from medssl.landmarks import LandmarkFinder

    finder = LandmarkFinder(embedded)
    for landmark, point_vox in manual.items():
        finder.add_template(landmark, clicked.key, point_vox)
    with working("Finding landmarks") as report:
        found = [p for p in finder.find(progress=report) if p.case_key != clicked.key]

    from medssl.io import ExportPoint

    rows = [
        ExportPoint(
            clicked.key,
            name,
            vox,
            tuple(grid.voxel_to_world(vox).tolist()),
            grid.unit,
            None,
            "manual",
            "template",
        )
        for name, vox in manual.items()
    ]
    rows += [
        ExportPoint(
            p.case_key,
            p.landmark,
            tuple(p.point_vox),
            tuple(p.point_world),
            grids[p.case_key].unit,
            p.confidence,
            "predicted",
            p.level,
            model=INSTANT if model == INSTANT else Path(model).resolve().name,
        )
        for p in found
    ]
    written = write_points(out_file, rows)
    if json:
        print_json(
            {
                "files": written,
                "points": [_describe(p) for p in found],
                "left_out": left_out(listing, embedded.prepared),
                "warnings": embedded.prepared.warnings,
            }
        )
        return
    _show(found)
    say(f"{len(found)} points written to {written[0]}" + (" ..." if len(written) > 1 else ""))


def with_template(
    sources: Sequence[ImageSource], template: Path
) -> tuple[tuple[ImageSource, ...], ImageSource]:
    """Find the template among the images, or add it to them.

    Raises
    ------
    SettingsError
        If the template is not exactly one image.
    """
    from medssl.io import list_images

    by_name = [s for s in sources if str(template) in (s.key, s.name, s.path.name)]
    if not template.exists() and by_name:
        if len(by_name) > 1:
            raise SettingsError(_several(template, by_name))
        return tuple(sources), by_name[0]
    listed = list_images(template)
    given = listed.sources
    if not given:
        raise SettingsError(f"the template cannot be used: {listed.problems[0].message}")
    if len(given) > 1:
        raise SettingsError(_several(template, given))
    files = {f.resolve() for f in given[0].files}
    for source in sources:
        if {f.resolve() for f in source.files} == files:
            return tuple(sources), source
    key = given[0].key
    while any(s.key == key for s in sources):
        key = f"template/{key}"
    added = replace(given[0], key=key)
    return (*sources, added), added


def _several(template: Path, fitting: Sequence[ImageSource]) -> str:
    keys = ", ".join(source.key for source in fitting[:8])
    more = ", ..." if len(fitting) > 8 else ""
    return (
        f"{template}: the template must be one image, and this is {len(fitting)} ({keys}{more})."
        " Name one of them, or one of its files"
    )


def _grid_of(template: ImageSource) -> Grid:
    """Read the template for the grid that its points are in: that of its plane in 2-D."""
    from medssl.prepare.orientation import as_picture, working_ndim

    image = template.read().frame(0)
    return image.grid if working_ndim(image.grid) == 3 else as_picture(image).grid


def _require_inside(points: Mapping[str, Sequence[float]], grid: Grid, path: Path) -> None:
    axes = "xyz"[: grid.ndim]
    size = " × ".join(str(n) for n in reversed(grid.shape))
    for landmark, point_vox in points.items():
        if not grid.contains_voxel(point_vox):
            given = ", ".join(f"{v:.6g}" for v in reversed(point_vox))
            raise SettingsError(
                f"{path}: the point of {landmark!r} ({', '.join(axes)} = {given}) lies outside of"
                f" the image of {size} voxels ({' × '.join(axes)}). Give 0-based voxels inside it"
            )


def _require_others(
    usable: Collection[str], template: ImageSource, problems: Sequence[Problem]
) -> None:
    if template.key not in usable:
        why = next((p.message for p in problems if p.path == template.path), str(template.path))
        raise SettingsError(f"the template cannot be used: {why}")
    if len(usable) == 1:
        raise SettingsError(
            f"{template.path}: there is no image to search but the template itself. Give at least"
            " one more image of the same dimension"
        )


def write_points(path: Path, rows: Sequence[ExportPoint]) -> list[Path]:
    """Write points as one CSV, or as one Slicer point list an image."""
    from medssl.io import write_landmarks_csv, write_markups_json

    if path.name.lower().endswith(".csv"):
        return [write_landmarks_csv(path, rows)]
    stem = path.name[: -len(".mrk.json")]
    by_image: dict[str, list[ExportPoint]] = {}
    for row in rows:
        by_image.setdefault(row.image, []).append(row)
    return [
        write_markups_json(path.with_name(f"{stem}__{_file_stem(image)}.mrk.json"), points)
        for image, points in by_image.items()
    ]


def _file_stem(key: str) -> str:
    stem = key.replace("/", "__")
    for ending in (".nii.gz", ".ome.tif", ".ome.tiff"):
        if stem.lower().endswith(ending):
            return stem[: -len(ending)]
    return stem.rpartition(".")[0] or stem


def _names(source: ImageSource) -> set[str]:
    return {source.key, source.name, source.path.name, source.path.stem}


def _describe(point: FoundPoint) -> dict[str, Any]:
    return {
        "image": point.case_key,
        "landmark": point.landmark,
        "xyz_vox": list(reversed(point.point_vox)),
        "xyz_world": point.point_world,
        "confidence": point.confidence,
        "level": point.level,
    }


def _show(found: Sequence[FoundPoint]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("landmark")
    for level in LEVEL_STYLES:
        table.add_column(level, justify="right")
    table.add_column("look at first")
    for landmark in dict.fromkeys(p.landmark for p in found):
        points = sorted((p for p in found if p.landmark == landmark), key=lambda p: p.confidence)
        counts = [sum(p.level == level for p in points) for level in LEVEL_STYLES]
        table.add_row(landmark, *map(str, counts), ", ".join(p.case_key for p in points[:2]))
    out.print(table)
