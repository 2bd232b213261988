"""Image layers that are open in napari as the images of a cohort."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl.layers import KEY, layer_to_image
from napari_medssl.places import data_root

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer


class Owner(Protocol):
    """Who may own a layer."""

    def owns(self, layer: Layer) -> bool:
        """Whether a layer is its own."""


@dataclass(frozen=True)
class LayerSnapshot:
    """What is needed of a layer outside of the window's thread."""

    data: Any
    attributes: dict[str, Any]

    @property
    def file(self) -> Path | None:
        """The file that the layer was read from, if it still is there."""
        known = self.attributes.get("metadata", {}).get(KEY)
        path = None if known is None or known["path"] is None else Path(known["path"])
        return path if path is not None and path.exists() else None


def usable(viewer: Viewer, owner: Owner) -> list[LayerSnapshot]:
    """Image layers of the viewer that are not our own."""
    from napari.layers import Image

    return [
        LayerSnapshot(layer.data, layer.as_layer_data_tuple()[1])
        for layer in viewer.layers
        if isinstance(layer, Image) and not owner.owns(layer) and not layer.multiscale
    ]


def to_files(layers: list[LayerSnapshot]) -> list[Path]:
    """Files of the layers; those that have none are written to the user's data folder.

    Layers of the same content come to lie in the same folder, so that their points are found
    again next time.
    """
    loose = [layer for layer in layers if layer.file is None]
    found = [layer.file for layer in layers if layer.file is not None]
    return [*found, *_write(loose)] if loose else found


def _write(layers: list[LayerSnapshot]) -> list[Path]:
    from medssl.io import write_image

    images = [layer_to_image(layer.data, layer.attributes) for layer in layers]
    digest = hashlib.blake2b(digest_size=6)
    for image in images:
        digest.update(image.name.encode())
        digest.update(np.ascontiguousarray(image.array).data)
    folder = data_root() / "layers" / f"layers-{digest.hexdigest()}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, image in enumerate(images):
        name = "".join(c if c.isalnum() or c in "-_." else "_" for c in image.name)
        ending = "nrrd" if image.ndim == 3 else "tif"
        path = folder / f"{number + 1:03d}_{name}.{ending}"
        if not path.exists():
            write_image(image, path)
        paths.append(path)
    return paths
