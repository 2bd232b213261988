"""Tubes found from masks of other tubes, in pictures and volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io import Image, list_images, read_image, write_image
from medssl.prepare import ArrayCache
from medssl.prepare.contrast import find_field
from medssl.segment.shape_guided import ShapeSettings, read_prior
from medssl.segment.shape_guided.learning import learn_shape
from medssl.segment.shape_guided.opening import open_shape
from medssl.segment.shape_guided.run import source_map
from tests.core.segment.tubes import write_tubes


def _write(path: Path, values: np.ndarray) -> None:
    write_image(Image(values.astype(np.uint8), Grid.create(values.shape), "yx"), path)


def test_tubes_of_pictures_are_found_without_a_mask_of_them(tmp_path: Path) -> None:
    folders = write_tubes(tmp_path, (128, 128))
    settings = ShapeSettings(steps=60, refine_steps=40, longest_side=128, crop=64, device="cpu")
    sources = list_images(folders["images"]).sources
    prepared, prior = open_shape(
        sources, folders["prior"], settings, cache=ArrayCache(tmp_path / "cache")
    )
    found = learn_shape(tmp_path / "run", prepared, prior, settings)
    dice = []
    for case, maps in zip(prepared.cases, found.after, strict=True):
        true = read_image(folders["truth"] / case.path.name).array > 0
        given = source_map(maps, case) > 0.5
        dice.append(2 * (given & true).sum() / (given.sum() + true.sum()))
    assert np.mean(dice) > 0.6


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((40, 40)), "all its masks are empty"),
        (np.arange(1600).reshape(40, 40) % 251, "looks like an image"),
        (np.arange(1600).reshape(40, 40) % 3, "several values"),
    ],
)
def test_what_is_no_mask_of_one_shape_is_refused(
    tmp_path: Path, values: np.ndarray, reason: str
) -> None:
    _write(tmp_path / "a.png", values)
    with pytest.raises(FileRefusedError, match=reason):
        read_prior(tmp_path, 2, 40)


def test_a_label_says_which_value_is_the_shape(tmp_path: Path) -> None:
    values = np.zeros((40, 40))
    values[4:8], values[20:36] = 1, 2
    _write(tmp_path / "a.png", values)
    assert read_prior(tmp_path, 2, 40, label="1").masks[0].sum() == 160
    assert read_prior(tmp_path, 2, 40, label="2").masks[0].sum() == 640


def test_one_mask_is_enough_and_said(tmp_path: Path) -> None:
    _write(tmp_path / "a.png", 255 * np.eye(40))
    assert "one mask" in read_prior(tmp_path, 2, 40).notes[0]


def test_masks_of_the_images_themselves_are_left_out(tmp_path: Path) -> None:
    _write(tmp_path / "a__tube.png", 255 * np.eye(40))
    _write(tmp_path / "b__tube.png", 255 * np.eye(40)[::-1])
    assert read_prior(tmp_path, 2, 40, leave_out=["a"]).names == ("b__tube.png",)
    with pytest.raises(FileRefusedError, match="belong to the images themselves"):
        read_prior(tmp_path, 2, 40, leave_out=["a", "b"])


def test_the_field_of_view_is_the_bright_disc() -> None:
    disc = np.hypot(*np.mgrid[-60:60, -60:60]) < 50
    field = find_field(np.where(disc, 0.4, 0.02))
    assert field[60, 60]
    assert not (field & ~disc).any()
    assert field.sum() > 0.9 * disc.sum()
