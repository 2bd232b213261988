"""Between medssl's images and napari's layers, both ways.

napari slices only along the axes of a layer. A volume is therefore shown in canonical order
(axial slices, patient right on the left of the screen) on an axis-aligned grid with the true
voxel size; for an oblique acquisition the display is that of the scanner's own planes. The true
geometry stays in ``layer.metadata["medssl"]`` and is what every export uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from medssl.geometry import Grid, Unit
    from medssl.io.image import Image

LayerData = tuple[Any, dict[str, Any], str]
KEY = "medssl"
OVERLAY = "medssl_overlay"
"""In the metadata of what lies over an image and carries its geometry, but is none to be read."""
_CONTRAST_SAMPLE = 200_000


@dataclass(frozen=True)
class Display:
    """How the voxels of one image lie on the screen.

    Parameters
    ----------
    source
        Geometry of the image as it lies in its file.
    order, flips
        Transposition and reversal from the file's array to the shown one, see
        `medssl.geometry.Grid.canonical`.
    shape
        Voxels of the shown array.
    scale, translate
        napari's, in the unit of `source`, along the shown axes.
    """

    source: Grid
    order: tuple[int, ...]
    flips: tuple[bool, ...]
    shape: tuple[int, ...]
    scale: tuple[float, ...]
    translate: tuple[float, ...]

    @classmethod
    def of(cls, grid: Grid) -> Display:
        """Work out the display of a grid."""
        if grid.ndim == 2:
            return cls(grid, (0, 1), (False, False), grid.shape, grid.spacing, grid.origin[::-1])
        shown, order, flips = grid.canonical()
        return cls(grid, order, flips, shown.shape, shown.spacing, shown.origin[::-1])

    @property
    def unit(self) -> str:
        """Napari's name of the unit."""
        return "mm" if self.source.unit == "mm" else "pixel"

    @property
    def axis_labels(self) -> tuple[str, ...]:
        """Names of the shown axes."""
        return ("z", "y", "x")[-self.source.ndim :]

    def show(self, array: NDArray[Any]) -> NDArray[Any]:
        """Turn an array of the file's axes into the shown one; a view, nothing is copied."""
        shown = array.transpose(self.order)
        return shown[tuple(slice(None, None, -1 if f else None) for f in self.flips)]

    def unshow(self, shown: NDArray[Any]) -> NDArray[Any]:
        """Undo `show`."""
        array = shown[tuple(slice(None, None, -1 if f else None) for f in self.flips)]
        return array.transpose(np.argsort(self.order))

    def to_shown(self, point_vox: ArrayLike) -> NDArray[np.float64]:
        """Map points from the image's own voxels to those on the screen."""
        point = np.asarray(point_vox, float)[..., list(self.order)]
        last = np.array(self.shape, float) - 1
        return np.where(self.flips, last - point, point)

    def to_source(self, shown_vox: ArrayLike) -> NDArray[np.float64]:
        """Map points from the voxels on the screen to the image's own."""
        point = np.asarray(shown_vox, float)
        last = np.array(self.shape, float) - 1
        return np.where(self.flips, last - point, point)[..., list(np.argsort(self.order))]

    def attributes(self) -> dict[str, Any]:
        """Give what a layer with this display is made with."""
        return {
            "scale": self.scale,
            "translate": self.translate,
            "units": (self.unit,) * self.source.ndim,
            "axis_labels": self.axis_labels,
        }

    def overlay(self, grid: Grid) -> dict[str, Any]:
        """Scale and translate of a map that lies on a canonical `grid` of the same world."""
        first = self.to_shown(self.source.world_to_voxel(grid.voxel_to_world(np.zeros(grid.ndim))))
        translate = np.array(self.translate) + first * np.array(self.scale)
        return self.attributes() | {"scale": grid.spacing, "translate": tuple(translate)}


def contrast_limits(image: Image) -> tuple[float, float]:
    """Limits to show an image with: its own window, else 8 bits whole, else robust ones."""
    if image.window is not None:
        centre, width = image.window
        return centre - width / 2, centre + max(width, 1e-6) / 2
    if image.array.dtype == np.uint8:
        return 0.0, 255.0
    sample = image.array.reshape(-1)
    sample = sample[:: max(1, sample.size // _CONTRAST_SAMPLE)].astype(float)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(sample, (0.5, 99.5))
    if high <= low:
        low, high = float(sample.min()), float(sample.max())
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def _colour(array: NDArray[Any]) -> NDArray[Any]:
    """Colours as napari takes them: 8 bits, or floats from 0 to 1."""
    if array.dtype == np.uint8:
        return array
    values = array.astype(np.float32)
    top = np.iinfo(array.dtype).max if array.dtype.kind in "ui" else max(1.0, float(values.max()))
    return np.asarray(np.clip(values / top, 0, 1))


def _shown_array(image: Image, display: Display) -> NDArray[Any]:
    """Bring the spatial axes into display order; time stays first and colour last."""
    array = image.array
    lead = image.axes.startswith("t")
    spatial = [i for i, a in enumerate(image.axes) if a in "zyx"]
    order = [0] * lead + [spatial[i] for i in display.order]
    order += [array.ndim - 1] * image.is_colour
    flips = (False,) * lead + display.flips + (False,) * image.is_colour
    shown = array.transpose(order)
    shown = shown[tuple(slice(None, None, -1 if f else None) for f in flips)]
    return _colour(shown) if image.is_colour else shown


def image_to_layer(image: Image) -> LayerData:
    """Turn an image into napari's layer tuple: data, attributes, layer type."""
    display = Display.of(image.grid)
    attributes: dict[str, Any] = {"name": image.name or "image", **display.attributes()}
    if image.axes.startswith("t"):
        attributes["scale"] = (1.0, *display.scale)
        attributes["translate"] = (0.0, *display.translate)
        attributes["units"] = ("pixel", *attributes["units"])
        frames = image.metadata.get("frames", {})
        attributes["axis_labels"] = (frames.get("name", "frame"), *display.axis_labels)
    if image.is_colour and image.array.shape[-1] in (3, 4):
        attributes["rgb"] = True
    elif image.is_colour:
        attributes["channel_axis"] = image.array.ndim - 1
    else:
        attributes["contrast_limits"] = contrast_limits(image)
        attributes["colormap"] = "gray_r" if image.inverted else "gray"
    attributes["metadata"] = {
        KEY: {
            "grid": image.grid.to_dict(),
            "axes": image.axes,
            "name": image.name,
            "path": None if image.path is None else str(image.path),
            "files": [str(file) for file in image.files],
            "modality": image.modality,
            "inverted": image.inverted,
            "window": image.window,
            "warnings": list(image.warnings),
            "header": dict(image.metadata),
        }
    }
    return _shown_array(image, display), attributes, "image"


def layer_to_image(data: Any, attributes: dict[str, Any]) -> Image:
    """Turn a layer back into an image on its true geometry.

    Layers that medssl made carry it in their metadata; for others it is read off napari's
    scale, translation and units.

    Raises
    ------
    medssl.errors.GeometryError
        If the layer is not a picture or volume, with or without time and colour.
    """
    from medssl.geometry import Grid
    from medssl.io.image import Image

    array = np.asarray(data)
    known = attributes.get("metadata", {}).get(KEY)
    name = str(attributes.get("name", "image"))
    if known is None:
        return _foreign_image(array, attributes, name)
    grid = Grid.from_dict(known["grid"])
    display = Display.of(grid)
    axes: Any = known["axes"] if array.ndim == len(known["axes"]) else "zyx"[-grid.ndim :]
    lead, colour = axes.startswith("t"), axes.endswith("c")
    flips = (False,) * lead + display.flips + (False,) * colour
    array = array[tuple(slice(None, None, -1 if f else None) for f in flips)]
    back = [0] * lead + [int(i) + lead for i in np.argsort(display.order)]
    array = array.transpose(back + [array.ndim - 1] * colour)
    return Image(
        array,
        grid,
        axes,
        name=name,
        path=None if known["path"] is None else Path(known["path"]),
        modality=known["modality"],
        inverted=known["inverted"],
        window=None if known["window"] is None else tuple(known["window"]),
        warnings=tuple(known["warnings"]),
        metadata=dict(known["header"]),
        files=tuple(Path(file) for file in known.get("files", ())),
    )


def _foreign_image(array: NDArray[Any], attributes: dict[str, Any], name: str) -> Image:
    from napari.utils.transforms import Affine

    from medssl.errors import GeometryError
    from medssl.geometry import Grid
    from medssl.io.image import Image

    colour = bool(attributes.get("rgb", False))
    ndim = array.ndim - colour
    if ndim not in (2, 3, 4):
        raise GeometryError(f"layer {name!r} has {ndim} axes; images have 2 to 4")
    lead = ndim == 4
    matrix = np.array(
        Affine(
            scale=attributes.get("scale", (1.0,) * ndim),
            translate=attributes.get("translate", (0.0,) * ndim),
            rotate=attributes.get("rotate"),
            shear=attributes.get("shear"),
        ).affine_matrix
    )
    outer = np.asarray(attributes.get("affine", np.eye(ndim + 1)), float)
    matrix = (outer @ matrix)[lead:, lead:]
    n = ndim - lead
    factor, unit = _millimetres(attributes.get("units"))
    lps = np.eye(n + 1)
    lps[:n, :n] = matrix[:n, :n][::-1] * factor  # rows x, y, z; columns stay z, y, x
    lps[:n, n] = matrix[:n, n][::-1] * factor
    shape = array.shape[lead : lead + n]
    axes: Any = "t" * lead + "zyx"[-n:] + "c" * colour
    return Image(array, Grid.from_affine(shape, lps, unit), axes, name=name)


def _millimetres(units: Any) -> tuple[float, Unit]:
    """Length of a layer's unit in millimetres; pixels where it is none."""
    if not units:
        return 1.0, "px"
    import pint

    registry: Any = pint.application_registry
    try:
        return float(registry.Quantity(1.0, str(units[-1])).to("mm").magnitude), "mm"
    except (pint.DimensionalityError, pint.UndefinedUnitError):
        return 1.0, "px"
