"""``medssl info``: geometry and warnings of image files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from medssl.cli.bars import working
from medssl.cli.output import JsonFlag, err, out, print_json, say

if TYPE_CHECKING:
    from medssl.geometry import Grid
    from medssl.io import Image, ImageSource

REFUSED = 2
WORLD_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))


def info(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="Files or folders.", show_default=False, readable=False
        ),
    ],
    json: JsonFlag = False,
) -> None:
    """Show the geometry of images and what to know about them; exit code 2 if one is refused."""
    from medssl.io import list_images

    listing = list_images(files[0] if len(files) == 1 else files)
    described: list[dict[str, Any]] = []
    refused = [(str(p.path), p.message) for p in listing.problems]
    with working("Reading") as report:
        for index, source in enumerate(listing.sources):
            report(index, len(listing.sources), source.name)
            described += _described(source, refused)
        report(len(listing.sources), len(listing.sources), "")
    if not described and not refused:
        refused.append((str(files[0]), f"{files[0]}: no image was found"))
    if json:
        print_json(
            {
                "images": described,
                "refused": [{"path": p, "message": m} for p, m in refused],
                "notes": listing.notes,
            }
        )
    else:
        _show(described)
    for note in listing.notes:
        say(note)
    for _, message in refused:
        err.print(f"medssl: {message}", style="red", markup=False, soft_wrap=True)
    if refused:
        raise typer.Exit(REFUSED)


def _described(source: ImageSource, refused: list[tuple[str, str]]) -> list[dict[str, Any]]:
    from medssl.errors import MedsslError

    try:
        return [describe(source.read(), source.key)]
    except MedsslError as error:
        refused.append((str(source.path), str(error)))
        return []


def describe(image: Image, key: str) -> dict[str, Any]:
    """Say in plain values what an image is; geometry in array order ``(z, y, x)``."""
    import numpy as np

    finite = image.array[np.isfinite(image.array)]
    return {
        "image": key,
        "path": image.path,
        "name": image.name,
        "axes": image.axes,
        "array_shape": list(image.array.shape),
        "dtype": str(image.array.dtype),
        "range": [finite.min().item(), finite.max().item()] if finite.size else None,
        "modality": image.modality,
        "inverted": image.inverted,
        "window": image.window,
        "frames": image.frames,
        "grid": image.grid.to_dict(),
        "orientation": orientation_letters(image.grid),
        "warnings": list(image.warnings),
    }


def orientation_letters(grid: Grid) -> str:
    """Name the world side each array axis runs to, first axis first: ``"SPL"`` is canonical."""
    letters = []
    for axis in range(grid.ndim):
        column = [row[axis] for row in grid.direction]
        world = max(range(grid.ndim), key=lambda i: abs(column[i]))
        letters.append(WORLD_LETTERS[world][column[world] > 0])
    return "".join(letters)


def _show(described: list[dict[str, Any]]) -> None:
    if not described:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("image", "size x y z", "spacing x y z", "x y z to", "type", "range"):
        table.add_column(heading, overflow="fold")
    for one in described:
        grid = one["grid"]
        size = " × ".join(str(s) for s in reversed(grid["shape"]))
        spacing = " × ".join(f"{s:.4g}" for s in reversed(grid["spacing"]))
        kind = " ".join(
            part
            for part in (
                one["modality"],
                one["dtype"],
                "colour" if one["axes"].endswith("c") else "",
                f"{one['frames']} frames" if one["frames"] > 1 else "",
            )
            if part
        )
        low_high = "–" if one["range"] is None else "{:.4g} … {:.4g}".format(*one["range"])
        table.add_row(
            one["image"],
            size,
            f"{spacing} {grid['unit']}",
            one["orientation"][::-1],
            kind,
            low_high,
        )
    out.print(table)
    for one in described:
        for warning in one["warnings"]:
            say(f"{one['image']}: {warning}")
