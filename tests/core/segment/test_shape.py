"""Tubes found from masks of other tubes, in pictures and volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from medssl.errors import Cancelled, FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.io import Image, list_images, read_image, write_image
from medssl.models import load_model
from medssl.nets import Architecture, build_net
from medssl.prepare import ArrayCache, PrepareSettings
from medssl.prepare.contrast import find_field
from medssl.runs import read_events
from medssl.segment.shape_guided import ShapePrior, ShapeSettings, read_prior
from medssl.segment.shape_guided.learning import learn_shape
from medssl.segment.shape_guided.opening import open_shape
from medssl.segment.shape_guided.pseudo_labels import certainty
from medssl.segment.shape_guided.run import source_map, write_shape
from medssl.transfer import Base
from tests.core.segment.tubes import write_tubes


def _write(path: Path, values: np.ndarray) -> None:
    write_image(Image(values.astype(np.uint8), Grid.create(values.shape), "yx"), path)


def _dice(tmp_path: Path, shape: tuple[int, ...], settings: ShapeSettings, darker: float) -> float:
    """Learn tubes from other tubes; returns the mean Dice after refinement."""
    folders = write_tubes(tmp_path, shape, darker=darker)
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
    return float(np.mean(dice))


@pytest.mark.parametrize("darker", [60, -60])
def test_tubes_of_pictures_are_found_dark_or_bright(tmp_path: Path, darker: float) -> None:
    settings = ShapeSettings(steps=60, refine_steps=40, longest_side=128, crop=64, device="cpu")
    assert _dice(tmp_path, (128, 128), settings, darker) > 0.7


def test_tubes_of_volumes_are_found(tmp_path: Path) -> None:
    settings = ShapeSettings(
        ndim=3, steps=60, refine_steps=30, spacing_mm=1.0, crop=32, batch=1, polarity="dark",
        device="cpu",
    )  # fmt: skip
    assert _dice(tmp_path, (36, 36, 36), settings, 80) > 0.4


def test_a_training_that_was_stopped_goes_on(tmp_path: Path) -> None:
    folders = write_tubes(tmp_path, (64, 64), images=2, masks=3)
    settings = ShapeSettings(steps=6, rounds=0, longest_side=64, crop=32, device="cpu")
    sources = list_images(folders["images"]).sources
    prepared, prior = open_shape(
        sources, folders["prior"], settings, cache=ArrayCache(tmp_path / "cache")
    )
    whole = learn_shape(tmp_path / "whole", prepared, prior, settings)

    def stop(done: int, total: int, message: str) -> None:
        if total == 6 and done == 3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        learn_shape(tmp_path / "parts", prepared, prior, settings, stop)
    parts = learn_shape(tmp_path / "parts", prepared, prior, settings)
    for one, other in zip(whole.after, parts.after, strict=True):
        assert np.array_equal(one.cluster, other.cluster)


def test_a_writing_that_was_stopped_is_done_anew(tmp_path: Path) -> None:
    folders = write_tubes(tmp_path, (64, 64), images=2, masks=3)
    settings = ShapeSettings(steps=2, refine_steps=2, longest_side=64, crop=32, device="cpu")
    sources = list_images(folders["images"]).sources
    prepared, prior = open_shape(
        sources, folders["prior"], settings, cache=ArrayCache(tmp_path / "cache")
    )

    def stop(done: int, total: int, message: str) -> None:
        if message == "writing t1.png":
            raise Cancelled("stopped")

    out = tmp_path / "run"
    with pytest.raises(Cancelled):
        write_shape(out, prepared, prior, settings, stop)
    assert not (out / "finetuned.json").exists()
    write_shape(out, prepared, prior, settings)
    assert (out / "predicted" / "t1.png").is_file()
    before = (out / "predicted.csv").read_text()
    write_shape(out, prepared, prior, settings)
    assert (out / "predicted.csv").read_text() == before


def test_regions_give_a_second_map_that_certainty_looks_at(tmp_path: Path) -> None:
    folders = write_tubes(tmp_path, (64, 64), images=2, masks=3)
    settings = ShapeSettings(
        steps=3, rounds=0, longest_side=64, crop=32, regions=True, clusters=4, device="cpu"
    )
    sources = list_images(folders["images"]).sources
    prepared, prior = open_shape(
        sources, folders["prior"], settings, cache=ArrayCache(tmp_path / "cache")
    )
    maps = learn_shape(tmp_path / "run", prepared, prior, settings).after[0]
    assert maps.prototype is not None
    assert maps.prototype.shape == maps.cluster.shape
    assert (certainty(maps) <= np.abs(2 * maps.cluster - 1) + 1e-6).all()
    events = read_events(tmp_path / "run" / "adversary")
    learned = [event for event in events if "region_discrimination" in event]
    assert len(learned) == 3
    assert {"dense_discrimination", "assignment_entropy"} <= set(learned[0])


def test_other_masks_are_another_training(tmp_path: Path) -> None:
    folders = write_tubes(tmp_path, (64, 64), images=2, masks=3)
    settings = ShapeSettings(steps=2, rounds=0, longest_side=64, crop=32, device="cpu")
    sources = list_images(folders["images"]).sources
    cache = ArrayCache(tmp_path / "cache")
    prepared, prior = open_shape(sources, folders["prior"], settings, cache=cache)
    learn_shape(tmp_path / "run", prepared, prior, settings)
    fewer = ShapePrior(prior.masks[:2], prior.names[:2])
    with pytest.raises(SettingsError, match="another run folder"):
        learn_shape(tmp_path / "run", prepared, fewer, settings)


def test_a_field_that_is_given_hides_the_rest(tmp_path: Path) -> None:
    folders = write_tubes(tmp_path, (64, 64), images=2, masks=3)
    fields = tmp_path / "fields"
    fields.mkdir()
    half = np.zeros((64, 64))
    half[:, :32] = 255
    _write(fields / "t0.png", half)
    settings = ShapeSettings(longest_side=64)
    sources = list_images(folders["images"]).sources
    prepared, _ = open_shape(
        sources, folders["prior"], settings, fields=fields, cache=ArrayCache(tmp_path / "cache")
    )
    first, second = prepared.cases
    assert np.array_equal(np.asarray(first.array[2]) > 0.5, half > 0)
    assert (np.asarray(second.array[2]) > 0.5).all()
    assert "no mask of its field of view" in second.warnings[-1]


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


def test_regions_have_the_number_of_clusters_of_the_paper() -> None:
    assert ShapeSettings.preset("quick", regions=True).clusters == 8
    assert ShapeSettings.preset("quick").clusters == 2


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


def test_a_model_may_be_begun_with(tmp_path: Path) -> None:
    folders = write_tubes(tmp_path, (64, 64), images=2, masks=3)
    settings = ShapeSettings(steps=1, rounds=0, longest_side=64, crop=32, device="cpu")
    sources = list_images(folders["images"]).sources
    prepared, prior = open_shape(
        sources, folders["prior"], settings, cache=ArrayCache(tmp_path / "cache")
    )
    net = build_net(Architecture.plain(widths=(8, 12, 16), out_stride=2))
    base = Base(net.architecture, PrepareSettings(), net, {})
    learn_shape(tmp_path / "run", prepared, prior, settings, base=base)
    learned = load_model(tmp_path / "run" / "adversary").net
    assert learned.architecture.widths == (8, 12, 16)
    one, other = (n.encoder.state_dict() for n in (net, learned))
    deep = [name for name, value in one.items() if value.ndim == 4 and value.shape[1] == 12]
    assert deep
    # One step of 1e-4 (the first of the warm-up) leaves the weights where they were, nearly.
    assert all(torch.allclose(one[name], other[name], atol=2e-3) for name in deep)
    resnet = Base(Architecture.resnet(18, width=8), PrepareSettings(), net, {})
    with pytest.raises(SettingsError, match="family plain or vgg"):
        learn_shape(tmp_path / "other", prepared, prior, settings, base=resnet)
