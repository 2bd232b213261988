"""Masks beside images: names, structures, grids, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from medssl.errors import FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.io import Image, write_image
from medssl.transfer import find_masks, parse_structures

from .conftest import Films


def picture(values: np.ndarray, path: Path) -> None:
    write_image(Image(values.astype(np.uint8), Grid.create(values.shape[:2]), "yx"), path)


def test_structures_of_file_names(films: Films) -> None:
    cases = films.prepared.cases
    masks = find_masks(films.folder.masks, cases)
    assert {"left_lung", "right_lung"} <= set(masks.names)
    both = find_masks(films.folder.masks, cases, {"lungs": ("left_lung", "right_lung")})
    whole, parts = both.read(cases[0])[0], masks.read(cases[0])
    left, right = (parts[masks.names.index(f"{side}_lung")] for side in ("left", "right"))
    assert whole.sum() == (left | right).sum() > left.sum() > 0
    assert whole.shape == cases[0].source_grid.shape


def test_values_of_label_maps(films: Films, tmp_path: Path) -> None:
    case = films.prepared.cases[0]
    values = np.zeros(case.source_grid.shape)
    values[:10, :10], values[20:30] = 1, 2
    picture(values, tmp_path / case.name)
    masks = find_masks(tmp_path, films.prepared.cases)
    assert masks.names == ("label_1", "label_2")
    assert masks.read(case)[0].sum() == 100
    assert masks.known(case).all()
    assert not masks.known(films.prepared.cases[1]).any()
    joined = find_masks(tmp_path, films.prepared.cases, parse_structures("all=1+2"))
    assert joined.read(case)[0].sum() == (values > 0).sum()


def test_binary_masks_have_one_structure(films: Films, tmp_path: Path) -> None:
    case = films.prepared.cases[0]
    values = np.zeros(case.source_grid.shape)
    values[5:9] = 255
    picture(values, tmp_path / case.name)
    masks = find_masks(tmp_path, films.prepared.cases)
    assert masks.names == ("mask",)
    assert masks.read(case)[0].sum() == (values > 0).sum()


def test_a_structure_without_file_is_not_known(films: Films, tmp_path: Path) -> None:
    first, second = films.prepared.cases[:2]
    stem = first.name.removesuffix(".png")
    shutil.copy(films.folder.masks / f"{stem}__left_lung.png", tmp_path)
    other = second.name.removesuffix(".png")
    shutil.copy(films.folder.masks / f"{other}__right_lung.png", tmp_path)
    masks = find_masks(tmp_path, films.prepared.cases)
    assert masks.names == ("left_lung", "right_lung")
    assert masks.known(first).tolist() == [True, False]
    assert masks.known(second).tolist() == [False, True]
    assert not masks.read(first)[1].any()


def test_masks_of_another_size_are_refused(films: Films, tmp_path: Path) -> None:
    case = films.prepared.cases[0]
    picture(np.zeros((7, 9)), tmp_path / case.name)
    masks = find_masks(tmp_path, films.prepared.cases, {"mask": ("mask",)})
    with pytest.raises(FileRefusedError, match="the mask has 9 × 7 voxels, its image"):
        masks.read(case)


def test_folders_without_masks_are_refused(films: Films, tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="holds no mask of any of the 14 images"):
        find_masks(tmp_path, films.prepared.cases)
    with pytest.raises(FileRefusedError, match="is not there"):
        find_masks(tmp_path / "masks", films.prepared.cases)


def test_a_photograph_is_no_mask(films: Films, tmp_path: Path) -> None:
    case = films.prepared.cases[0]
    colours = np.random.default_rng(0).integers(0, 255, (*case.source_grid.shape, 3), np.uint8)
    write_image(Image(colours, Grid.create(colours.shape[:2]), "yxc"), tmp_path / case.name)
    with pytest.raises(FileRefusedError, match="picture in colour, not a mask"):
        find_masks(tmp_path, films.prepared.cases)


def test_a_mask_that_lies_elsewhere_is_refused(trunks: Films, tmp_path: Path) -> None:
    case = trunks.prepared.cases[0]
    grid = case.source_grid
    moved = Grid.create(grid.shape, grid.spacing, [9.0 + o for o in grid.origin], grid.direction)
    write_image(Image(np.ones(grid.shape, np.uint8), moved, "zyx"), tmp_path / case.name)
    with pytest.raises(FileRefusedError, match="lies elsewhere than its image"):
        find_masks(tmp_path, trunks.prepared.cases).read(case)


def test_unknown_structures_are_named(films: Films) -> None:
    with pytest.raises(FileRefusedError, match=r"lungs: there is no mask of lung.*left_lung"):
        find_masks(films.folder.masks, films.prepared.cases, {"lungs": ("lung",)})
    with pytest.raises(SettingsError, match="not of the form name=part"):
        parse_structures("lungs=")
