"""``medssl embed``: dense embeddings of images, in the cache and as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.images import (
    INSTANT,
    DeviceOption,
    Images,
    ModelOption,
    embed_images,
    find_images,
    left_out,
)
from medssl.cli.output import JsonFlag, out, print_json, write_json

if TYPE_CHECKING:
    from medssl.embed import EmbeddedCase


def embed(
    images: Images,
    model: ModelOption = INSTANT,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="Also write one .npy an image (cells, channels last)."
        ),
    ] = None,
    device: DeviceOption = "auto",
    json: JsonFlag = False,
) -> None:
    """Embed images densely; later clicks on them then answer at once."""
    from medssl.embed.dimension import choose_ndim

    listing = find_images(images)
    ndim = choose_ndim(listing.sources, model)
    embedded, embedder = embed_images(listing.sources, model, ndim, device)
    rows = [_describe(case, embedder.stride) for case in embedded.cases]
    if folder is not None:
        for row, case in zip(rows, embedded.cases, strict=True):
            row["file"] = _save(folder, case)
    result = {
        "model": model,
        "fingerprint": embedder.fingerprint,
        "stride": embedder.stride,
        "channels": embedder.channels,
        "images": rows,
        "left_out": left_out(listing, embedded.prepared),
        "warnings": embedded.prepared.warnings,
    }
    if folder is not None:
        write_json(folder / "embeddings.json", result)
    if json:
        print_json(result)
    else:
        out.print(
            f"{len(rows)} images embedded: {embedder.channels} channels,"
            f" a cell every {embedder.stride} working voxels"
        )


def _describe(case: EmbeddedCase, stride: int) -> dict[str, Any]:
    return {
        "image": case.case.key,
        "shape": list(case.embedding.shape),
        "stride": stride,
        "working_grid": case.case.grid.to_dict(),
    }


def _save(folder: Path, case: EmbeddedCase) -> str:
    import numpy as np

    from medssl.errors import StorageError

    path = folder / (case.case.key.replace("/", "__") + ".npy")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(path, case.embedding)
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written ({error.strerror}). Name another folder with --out"
        ) from error
    return path.name
