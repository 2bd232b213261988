"""Masks of structures beside images: files, grids, structures that are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.io.formats import extension, format_from_name
from medssl.io.reading import read_image
from medssl.prepare import Case
from medssl.prepare.orientation import as_picture
from medssl.transfer.mask_grids import onto_image

Note = Callable[[str], None]
"""Told what a person should know."""
BETWEEN = "__"
"""What stands between the stem of an image and the name of a structure."""
WHOLE = "mask"
"""Name of the one structure of binary masks that name none."""
_SAME_WORLD = 1e-2
"""Share of a voxel that the corners of mask and image may be apart."""


@dataclass(frozen=True)
class MaskFiles:
    """Where the masks of a folder are.

    Parameters
    ----------
    folder
        The folder.
    structures
        Name of a structure to what it is made of: names in the files' names, or values of label
        maps.
    files
        By stem of the image: ``""`` to the file of a label map, or names to files of binary masks.
    resampled
        Told of each mask on another grid than its image, which is then brought onto it; None:
        such masks are refused.
    """

    folder: Path
    structures: dict[str, tuple[str, ...]]
    files: dict[str, dict[str, Path]]
    resampled: Note | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The structures, in order."""
        return tuple(self.structures)

    def known(self, case: Case) -> NDArray[np.bool_]:
        """Tell for which structures ``(S,)`` there is a file of this image."""
        files = self._of(case)
        if "" in files:
            return np.ones(len(self.structures), np.bool_)
        return np.array(
            [any(part in files for part in parts) for parts in self.structures.values()], np.bool_
        )

    def complete(self, case: Case) -> NDArray[np.bool_]:
        """Tell for which structures ``(S,)`` there are files of all that they are made of."""
        files = self._of(case)
        if "" in files:
            return np.ones(len(self.structures), np.bool_)
        return np.array(
            [all(part in files for part in parts) for parts in self.structures.values()], np.bool_
        )

    def read(self, case: Case) -> NDArray[np.bool_]:
        """Read the masks of an image on its own grid: ``(S, *source_grid.shape)``.

        A structure without a file is empty.

        Raises
        ------
        FileRefusedError
            If a mask has another shape or lies elsewhere than the image.
        """
        files = self._of(case)
        masks = np.zeros((len(self.structures), *case.source_grid.shape), np.bool_)
        read = {
            name: _values(path, case, self.resampled)
            for name, path in files.items()
            if self._wants(name)
        }
        for mask, parts in zip(masks, self.structures.values(), strict=True):
            for part in parts:
                if "" in read:
                    mask |= read[""] > 0 if part == WHOLE else read[""] == int(part)
                elif part in read:
                    mask |= read[part] > 0
        return masks

    def _of(self, case: Case) -> dict[str, Path]:
        return self.files.get(_stem(case.path), {})

    def _wants(self, name: str) -> bool:
        return name == "" or any(name in parts for parts in self.structures.values())


def find_masks(
    folder: str | Path,
    cases: Sequence[Case],
    structures: Mapping[str, Sequence[str]] | None = None,
    resampled: Note | None = None,
) -> MaskFiles:
    """Find the masks of images: ``<stem>.<ext>`` or ``<stem>__<structure>.<ext>``.

    Parameters
    ----------
    folder
        Where they are.
    cases
        The images.
    structures
        What is wanted: name to the names (or values of a label map) that it is made of. None: each
        name or value that occurs is a structure.
    resampled
        Told of each mask on another grid than its image, which is then brought onto it; None:
        such masks are refused when they are read.

    Raises
    ------
    FileRefusedError
        If the folder holds no mask of any of the images, or not one of a structure.
    """
    folder = Path(folder)
    if not folder.is_dir():
        found = "it is a file, not a folder of masks" if folder.exists() else "it is not there"
        raise FileRefusedError(folder, found, "Name the folder that holds the masks.")
    stems = {_stem(case.path) for case in cases}
    files: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        if format_from_name(path) is None:
            continue
        stem, between, name = _stem(path).partition(BETWEEN)
        if _stem(path) in stems:
            files.setdefault(_stem(path), {})[""] = path
        elif between and stem in stems:
            files.setdefault(stem, {})[name] = path
    if not files:
        raise FileRefusedError(
            folder,
            f"it holds no mask of any of the {len(cases)} images",
            "A mask has the name of its image, or that name, two underscores and the structure.",
        )
    by_stem = {_stem(case.path): case for case in cases}
    wanted = dict(structures or {}) or _found(files, by_stem, resampled)
    parts = {name: tuple(made_of) for name, made_of in wanted.items()}
    named = {name for found in files.values() for name in found}
    for name, made_of in parts.items():
        if "" in named:
            wrong = [part for part in made_of if part != WHOLE and not part.isdigit()]
        else:
            wrong = [part for part in made_of if part not in named]
        if wrong:
            there = "values of label maps" if "" in named else ", ".join(sorted(named))
            raise FileRefusedError(
                folder, f"{name}: there is no mask of {wrong[0]}", f"There are: {there}."
            )
    return MaskFiles(folder, parts, files, resampled)


def parse_structures(text: str) -> dict[str, tuple[str, ...]]:
    """Read ``lungs=left_lung+right_lung,heart=cardiomediastinum`` or ``anterior=1,posterior=2``.

    Raises
    ------
    SettingsError
        If it is not of this form.
    """
    structures: dict[str, tuple[str, ...]] = {}
    for item in text.split(","):
        name, equals, made_of = item.partition("=")
        parts = tuple(part.strip() for part in (made_of if equals else name).split("+"))
        if not name.strip() or not all(parts):
            raise SettingsError(
                f"structures: {item.strip()!r} is not of the form name=part+part, as in "
                "lungs=left_lung+right_lung,heart=cardiomediastinum"
            )
        structures[name.strip()] = parts
    return structures


def _found(
    files: Mapping[str, Mapping[str, Path]], by_stem: Mapping[str, Case], resampled: Note | None
) -> dict[str, tuple[str, ...]]:
    """Name all structures there are: those in file names, or the values of the label maps."""
    named = sorted({name for found in files.values() for name in found if name})
    if named:
        return {name: (name,) for name in named}
    values: set[int] = set()
    for stem, found in files.items():
        values |= {int(value) for value in np.unique(_values(found[""], by_stem[stem], resampled))}
    inside = sorted(values - {0})
    if len(inside) < 2:
        return {WHOLE: (WHOLE,)}
    return {f"label_{value}": (str(value),) for value in inside}


def _values(path: Path, case: Case, resampled: Note | None) -> NDArray[np.int64]:
    """Read a label map on the image's grid, as whole numbers."""
    image = read_image(path)
    if case.source_grid.ndim == 2:
        image = as_picture(image)
    array = image.array
    if image.is_colour:
        if np.any(array[..., :1] != array[..., :3]):
            raise FileRefusedError(
                path, "it is a picture in colour, not a mask", "Save it as a grey label map."
            )
        array = array[..., 0]
    if not np.isfinite(array).all() or np.any(array != np.rint(array)):
        raise FileRefusedError(
            path, "it holds values that are no whole numbers", "A mask holds a number a structure."
        )
    if resampled is not None and not _on_grid(image.grid, case):
        resampled(f"{path.name}: the mask lies on another grid than its image, and is resampled")
        return onto_image(path, array.astype(np.int64), image.grid, case)
    if array.shape != case.source_grid.shape:
        found, wanted = (
            " × ".join(str(side) for side in reversed(shape))
            for shape in (array.shape, case.source_grid.shape)
        )
        raise FileRefusedError(
            path,
            f"the mask has {found} voxels, its image {case.name} has {wanted}",
            "Export the mask on the grid of the image.",
        )
    if image.grid.unit == case.source_grid.unit == "mm":
        _check_place(path, case, image.grid)
    return array.astype(np.int64)


def _on_grid(grid: Grid, case: Case) -> bool:
    """Whether a mask lies voxel for voxel on its image."""
    if grid.shape != case.source_grid.shape:
        return False
    placed = grid.unit == case.source_grid.unit == "mm"
    return not placed or _away(grid, case) <= _tolerance(grid)


def _away(grid: Grid, case: Case) -> float:
    """Return how far, in voxels, the corners of a mask lie from those of its image."""
    last = np.array(grid.shape) - 1.0
    corners = np.stack([np.zeros_like(last), last])
    away = case.source_grid.world_to_voxel(grid.voxel_to_world(corners)) - corners
    return float(np.abs(away).max())


def _tolerance(grid: Grid) -> float:
    return _SAME_WORLD * max(1.0, max(grid.shape) / 10)


def _check_place(path: Path, case: Case, grid: Grid) -> None:
    away = _away(grid, case)
    if away > _tolerance(grid):
        raise FileRefusedError(
            path,
            f"the mask lies elsewhere than its image {case.name} (by {away:.2g} voxels)",
            "Export the mask on the grid of the image.",
        )


def _stem(path: Path) -> str:
    return path.name[: len(path.name) - len(extension(path))]
