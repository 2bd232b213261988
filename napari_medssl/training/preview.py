"""What a run lets see of itself while it learns: one image, what is made of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import GeometryError

if TYPE_CHECKING:
    from medssl.geometry import Grid


@dataclass(frozen=True)
class Restoration:
    """A part of the image, distorted, and what the net restores from it.

    Parameters
    ----------
    grid
        Where the part lies in the world.
    distorted, restored, original
        What the net was given, what it made of it, and what it should have made, ``(*view)``.
    """

    grid: Grid
    distorted: NDArray[np.float32]
    restored: NDArray[np.float32]
    original: NDArray[np.float32]

    @property
    def pictures(self) -> dict[str, NDArray[np.float32]]:
        """The three by name, as a person compares them."""
        return {
            "distorted": self.distorted,
            "restored": self.restored,
            "original": self.original,
        }


@dataclass(frozen=True)
class Preview:
    """The newest preview of a run.

    Parameters
    ----------
    case
        Key of the image.
    step
        Step that it was made at.
    grid, cells_grid
        Where the voxels of `image`, and the cells of the maps, lie in the world.
    image
        The image as the net sees it, 0 to 1, ``(*spatial)``.
    embedding
        Its embedding as colours, ``(*cells, 3)``, 8 bits.
    clusters
        Number of the cluster of each cell, ``(*cells)``; None without a clustering stage.
    restoration
        What the net restores; None where it does not learn to.
    """

    case: str
    step: int
    grid: Grid
    cells_grid: Grid
    image: NDArray[np.float32]
    embedding: NDArray[np.uint8]
    clusters: NDArray[np.uint8] | None
    restoration: Restoration | None = None


def read_preview(run: Path) -> Preview | None:
    """Read the newest preview of a run folder; None where there is none, or it is being written."""
    import medssl.io.image  # noqa: F401 - here, and not in the window's thread
    from medssl.geometry import Grid

    folder = run / "previews"
    try:
        record: dict[str, Any] = json.loads((folder / "preview.json").read_text(encoding="utf-8"))
        files = record["files"]
        image = np.load(folder / "image.npy", allow_pickle=False).astype(np.float32)
        embedding = np.load(folder / "embedding.npy", allow_pickle=False)
        with_clusters = "clusters.npy" in files
        clusters = np.load(folder / "clusters.npy", allow_pickle=False) if with_clusters else None
        preview = Preview(
            str(record["case"]),
            int(record["step"]),
            Grid.from_dict(record["grid"]),
            Grid.from_dict(record["cells_grid"]),
            image,
            embedding,
            clusters,
            _restoration(folder, record),
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, GeometryError):
        return None
    return preview if _fits(preview) else None


def _restoration(folder: Path, record: dict[str, Any]) -> Restoration | None:
    from medssl.geometry import Grid

    if "view_grid" not in record:
        return None
    files = [folder / f"{name}.npy" for name in ("input", "restored", "target")]
    arrays = [np.load(file, allow_pickle=False).astype(np.float32) for file in files]
    return Restoration(Grid.from_dict(record["view_grid"]), *arrays)


def _fits(preview: Preview) -> bool:
    """Whether the files belong together: they are renamed into place one after the other."""
    cells = preview.cells_grid.shape
    restoration = preview.restoration
    return (
        preview.image.shape == preview.grid.shape
        and preview.embedding.shape == (*cells, 3)
        and (preview.clusters is None or preview.clusters.shape == cells)
        and (
            restoration is None
            or all(a.shape == restoration.grid.shape for a in restoration.pictures.values())
        )
    )
