"""Writers of the manifest: layers leave on their true geometry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_medssl.layers import KEY, Display, layer_to_image


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


def _export_points(data: Any, attributes: dict[str, Any]) -> list[Any]:
    from medssl.geometry import Grid
    from medssl.io.landmarks import ExportPoint

    known = attributes.get("metadata", {}).get(KEY)
    features = attributes.get("features")
    ours = known is not None and features is not None and "landmark" in features
    if known is not None:
        display = Display.of(Grid.from_dict(known["grid"]))
        points_vox = display.to_source(data)
        world = display.source.voxel_to_world(points_vox)
        unit = display.source.unit
    else:
        points_vox = data
        scale = np.asarray(attributes.get("scale", 1.0))
        world = (data * scale + np.asarray(attributes.get("translate", 0.0)))[..., ::-1]
        units = attributes.get("units") or ("pixel",)
        unit = "mm" if str(units[-1]) in ("mm", "millimeter") else "px"
    image = known["name"] if known is not None else str(attributes.get("name", ""))
    return [
        ExportPoint(
            image=image,
            landmark=str(features["landmark"].iloc[i]) if ours else f"point {i + 1}",
            point_vox=tuple(points_vox[i].tolist()),
            point_world=tuple(world[i].tolist()),
            unit=unit,
            confidence=None,
            source=str(features["source"].iloc[i]) if ours else "manual",
            description="",
        )
        for i in range(len(data))
    ]
