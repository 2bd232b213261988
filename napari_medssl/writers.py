"""Writers of the manifest: layers leave on their true geometry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_medssl.layers import KEY, Display, layer_to_image

if TYPE_CHECKING:
    from medssl.geometry import Unit
    from medssl.io.landmarks import ExportPoint


def write_image(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write one image layer in the format that the extension names; give the paths written."""
    from medssl.io import write_image as write

    return [str(p) for p in write(layer_to_image(data, attributes), path)]


def write_labels(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write one label layer as a label map; integers of the smallest type that holds them."""
    labels = np.asarray(data)
    top = int(labels.max(initial=0))
    return write_image(path, labels.astype(np.min_scalar_type(top)), attributes)


def write_points(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a points layer as CSV or Slicer markups (``.mrk.json``).

    Points of the Landmarks dock keep their names, source and true place in the world; those of
    any other layer are named ``point 1``, ``point 2``, ... and placed by scale and translation.
    """
    from medssl.io.landmarks import write_landmarks_csv, write_markups_json

    points = _export_points(np.asarray(data, float), attributes)
    write = write_landmarks_csv if path.lower().endswith(".csv") else write_markups_json
    write(Path(path), points)
    return [path]


def _export_points(data: NDArray[Any], attributes: dict[str, Any]) -> list[ExportPoint]:
    from medssl.geometry import Grid
    from medssl.io.landmarks import ExportPoint

    known = attributes.get("metadata", {}).get(KEY)
    unit: Unit
    if known is not None:
        display = Display.of(Grid.from_dict(known["grid"]))
        points_vox = display.to_source(data)
        world = display.source.voxel_to_world(points_vox)
        unit, image = display.source.unit, str(known["name"])
    else:
        points_vox = data
        scale = np.asarray(attributes.get("scale", 1.0))
        world = (data * scale + np.asarray(attributes.get("translate", 0.0)))[..., ::-1]
        units = attributes.get("units") or ("pixel",)
        unit = "mm" if str(units[-1]) in ("mm", "millimeter") else "px"
        image = str(attributes.get("name", ""))
    names, sources = _names_and_sources(len(data), attributes.get("features"))
    return [
        ExportPoint(
            image=image,
            landmark=name,
            point_vox=tuple(vox.tolist()),
            point_world=tuple(place.tolist()),
            unit=unit,
            source=source,
        )
        for name, source, vox, place in zip(names, sources, points_vox, world, strict=True)
    ]


def _names_and_sources(n: int, features: Any) -> tuple[list[str], list[Any]]:
    """Name points as the Landmarks dock does, or number those of any other layer."""
    if features is not None and "landmark" in features and "source" in features:
        return [str(name) for name in features["landmark"]], list(features["source"])
    return [f"point {i + 1}" for i in range(n)], ["manual"] * n
