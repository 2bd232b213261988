"""A segmentation as medssl holds it: named, coloured, coded segments on an image's grid."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.io.same_grid import onto_grid

_MOST_LABELS = 65535
_GOLDEN = 0.618033988749895


class Code(NamedTuple):
    """A term of a coding scheme, as DICOM and 3D Slicer write it."""

    value: str
    scheme: str
    meaning: str


#: What a segment is where nothing better is known; 3D Slicer's own default.
TISSUE = Code("85756007", "SCT", "Tissue")


@dataclass(frozen=True)
class Segment:
    """One structure of a segmentation.

    Parameters
    ----------
    name
        Its name.
    label
        The value of its voxels within its layer, 1 or more.
    layer
        Which layer holds it.
    colour
        ``"#rrggbb"``; a colour of its number where it is empty.
    category, kind
        DICOM's segmented property category and type.
    """

    name: str
    label: int = 1
    layer: int = 0
    colour: str = ""
    category: Code = TISSUE
    kind: Code = TISSUE

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise SettingsError("a segment has no name. Give each segment one")
        if not 1 <= self.label <= _MOST_LABELS:
            raise SettingsError(
                f"segment {self.name!r} has the label {self.label}. Labels are 1 to {_MOST_LABELS}"
            )
        if self.colour and not re.fullmatch("#[0-9a-f]{6}", self.colour):
            raise SettingsError(
                f"segment {self.name!r} has the colour {self.colour!r}. Write it as #rrggbb"
            )


@dataclass(frozen=True)
class Segmentation:
    """Segments on a grid; those that overlap lie in different layers.

    Parameters
    ----------
    layers
        Label maps ``(layer, z, y, x)`` or ``(layer, y, x)``; 0 is nothing.
    grid
        Where their voxels lie.
    segments
        What the labels mean, in the order in which they are shown.

    Raises
    ------
    SettingsError
        If there is no segment, two share one label of one layer, a layer is missing, or the
        layers have not the shape of the grid.
    """

    layers: NDArray[Any]
    grid: Grid
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        if self.layers.shape[1:] != self.grid.shape or not self.layers.shape[0]:
            raise SettingsError(
                f"the layers have the shape {self.layers.shape}, the grid {self.grid.shape}"
            )
        if not self.segments:
            raise SettingsError("the segmentation is empty: there is nothing to write")
        places = [(segment.layer, segment.label) for segment in self.segments]
        for segment, place in zip(self.segments, places, strict=True):
            if places.count(place) > 1:
                raise SettingsError(f"label {segment.label} is given to several segments")
            if not 0 <= segment.layer < len(self.layers):
                raise SettingsError(
                    f"segment {segment.name!r} lies in layer {segment.layer} of {len(self.layers)}"
                )
        if not all(segment.colour for segment in self.segments):
            coloured = tuple(
                segment if segment.colour else replace(segment, colour=colour_of(number))
                for number, segment in enumerate(self.segments)
            )
            object.__setattr__(self, "segments", coloured)

    @classmethod
    def from_labels(
        cls,
        labels: ArrayLike,
        grid: Grid,
        names: Mapping[int, str] | Sequence[str] = (),
        colours: Mapping[str, str] | None = None,
    ) -> Segmentation:
        """Take a label map ``(z, y, x)`` or ``(y, x)``: each value but 0 is a segment.

        Parameters
        ----------
        labels
            Whole numbers, 0 or more.
        grid
            Its grid.
        names
            Name of each value, or names of the values in rising order. A value of the map
            without a name becomes ``segment 3``; a name without voxels stays an empty segment.
        colours
            Colours by name, ``"#rrggbb"``.

        Raises
        ------
        SettingsError
            If the values are no labels, or there are more names in order than values.
        """
        array = as_labels(np.asarray(labels))
        values = np.unique(array)
        present = [int(value) for value in values if value]
        if not isinstance(names, Mapping):
            if len(names) > len(present):
                raise SettingsError(
                    f"there are {len(names)} names for {len(present)} segments. "
                    "Say which label each name belongs to"
                )
            names = dict(zip(present, names, strict=False))
        segments = [
            Segment(name, label, colour=(colours or {}).get(name, ""))
            for label in sorted({*present, *names})
            for name in [names.get(label, f"segment {label}")]
        ]
        return cls(array[None], grid, tuple(segments))

    @classmethod
    def from_masks(cls, masks: Mapping[str, ArrayLike], grid: Grid) -> Segmentation:
        """Take a binary mask for each name; they may overlap and then get several layers."""
        layers: list[NDArray[np.uint16]] = []
        segments: list[Segment] = []
        for name, given in masks.items():
            mask = np.asarray(given, bool)
            free = (i for i, layer in enumerate(layers) if not (layer[mask] > 0).any())
            number = next(free, len(layers))
            if number == len(layers):
                layers.append(np.zeros(grid.shape, np.uint16))
            label = 1 + sum(segment.layer == number for segment in segments)
            layers[number][mask] = label
            segments.append(Segment(name, label, number))
        stacked = np.stack(layers) if layers else np.zeros((1, *grid.shape), np.uint16)
        return cls(as_labels(stacked), grid, tuple(segments))

    def mask(self, segment: Segment) -> NDArray[np.bool_]:
        """Voxels of one segment, of the grid's shape."""
        return np.asarray(self.layers[segment.layer] == segment.label)

    def on(self, grid: Grid) -> Segmentation:
        """Bring it onto the grid of an image, voxel for voxel.

        Raises
        ------
        GeometryError
            If the voxels are not the same (`medssl.io.same_grid`).
        """
        return replace(self, layers=onto_grid(self.layers, self.grid, grid), grid=grid)

    def flat(self) -> Segmentation:
        """Give it as one layer; labels stay where no two segments have the same.

        Raises
        ------
        SettingsError
            If segments overlap.
        """
        if len(self.layers) == 1:
            return self
        labels = [segment.label for segment in self.segments]
        if len(set(labels)) < len(labels):
            labels = list(range(1, len(labels) + 1))
        result = np.zeros(self.grid.shape, np.uint16)
        for segment, label in zip(self.segments, labels, strict=True):
            mask = self.mask(segment)
            if (result[mask] > 0).any():
                raise SettingsError(
                    f"segment {segment.name!r} overlaps another, which a label map cannot hold. "
                    "Write it as .seg.nrrd or DICOM SEG"
                )
            result[mask] = label
        segments = zip(self.segments, labels, strict=True)
        flattened = tuple(replace(one, label=label, layer=0) for one, label in segments)
        return Segmentation(as_labels(result)[None], self.grid, flattened)


def as_labels(array: NDArray[Any]) -> NDArray[Any]:
    """Give labels in the smallest unsigned type that holds them.

    Raises
    ------
    SettingsError
        If a value is no whole number, negative, or above 65535.
    """
    values = np.unique(array)
    if not np.isfinite(values).all() or (values != np.round(values)).any():
        raise SettingsError("its values are not whole numbers: it is no label map")
    if values.size and (values.min() < 0 or values.max() > _MOST_LABELS):
        raise SettingsError(
            f"its values reach from {values.min():g} to {values.max():g}. "
            f"Labels are 0 to {_MOST_LABELS}"
        )
    top = int(values.max()) if values.size else 0
    return array.astype(np.uint8 if top < 256 else np.uint16)


def colour_of(number: int) -> str:
    """Give a colour to the `number`-th of many things, far from its neighbours'."""
    hue = (0.02 + number * _GOLDEN) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.65, 0.95 - 0.25 * (number // 8 % 2))
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
