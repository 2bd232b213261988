"""Geometry and warnings of files, as a person and as a script see them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medssl.cli.info import orientation_letters
from medssl.geometry import Grid
from medssl.io import Image, write_image


def test_picture_without_pixel_size_is_in_pixels(medssl: Callable, picture: Path) -> None:
    [image] = medssl("info", picture, "--json").json["images"]
    assert image["grid"]["shape"] == [60, 80]
    assert image["grid"]["unit"] == "px"
    table = medssl("info", picture).stdout
    assert "80 × 60" in table


def test_one_refused_file_does_not_hide_the_others(
    medssl: Callable, picture: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:50])
    outcome = medssl("info", picture, broken, "--json")
    assert outcome.code == 2
    assert [image["image"] for image in outcome.json["images"]] == ["picture.png"]
    assert [Path(r["path"]).name for r in outcome.json["refused"]] == ["broken.png"]
    assert len(outcome.lines) == 1


def test_sizes_and_sides_are_in_the_same_order(medssl: Callable, tmp_path: Path) -> None:
    grid = Grid.create((3, 4, 5), (3, 2, 1), direction=[[0, 0, -1], [0, 1, 0], [1, 0, 0]])
    write_image(Image(np.zeros(grid.shape, np.uint8), grid, "zyx"), tmp_path / "v.nrrd")
    outcome = medssl("info", tmp_path / "v.nrrd")
    assert "5 × 4 × 3" in outcome.stdout
    assert "RPS" in outcome.stdout


def test_a_file_that_may_not_be_read_does_not_hide_the_others(
    medssl: Callable, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed.png"
    closed.write_bytes(picture.read_bytes())
    monkeypatch.setattr(os, "access", lambda path, *_, **__: Path(path) != closed)
    outcome = medssl("info", picture, closed)
    assert "picture.png" in outcome.stdout


def test_a_folder_with_masks_is_healthy(medssl: Callable, picture: Path) -> None:
    masks = picture.parent / "masks"
    masks.mkdir()
    (masks / "mask.png").write_bytes(picture.read_bytes())
    outcome = medssl("info", picture.parent, "--json")
    assert outcome.code == 0
    assert outcome.json["refused"] == []
    assert "label maps" in outcome.json["notes"][0]
    assert "label maps" in outcome.stderr


def test_volume_shows_its_true_geometry(medssl: Callable, data_dir: Path) -> None:
    volume = next((data_dir / "hippocampus_msd").rglob("*.nii.gz"))
    outcome = medssl("info", volume, "--json")
    assert outcome.code == 0
    [image] = outcome.json["images"]
    assert image["grid"]["spacing"] == pytest.approx([1, 1, 1])
    assert image["grid"]["unit"] == "mm"


def test_orientation_letters_name_the_side_an_axis_runs_to() -> None:
    grid = Grid.create((4, 5, 6), (1, 1, 1))
    assert orientation_letters(grid) == "SPL"
    flipped = Grid.create((4, 5, 6), (1, 1, 1), direction=[[0, 0, -1], [0, 1, 0], [1, 0, 0]])
    assert orientation_letters(flipped) == "SPR"
