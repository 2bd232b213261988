"""Previews: what they hold, that colours keep their meaning, that the training is the same."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from medssl.errors import Cancelled
from medssl.geometry import Grid
from medssl.nets import Architecture, DenseNet, build_net
from medssl.pretrain import pretrain
from medssl.pretrain.colours import Colours
from medssl.pretrain.preview import Preview, PreviewSettings
from medssl.pretrain.restored import restored_view
from medssl.runs import RunFolder, read_events

from .cohorts import MemoryCase, MemoryCohort, make_cohort, tiny_settings
from .dira import dira_settings, tiny_dira

OFTEN = PreviewSettings(every_seconds=1e-3)
ARCHITECTURE = Architecture.plain(widths=(4, 8), out_stride=2, embedding_channels=8, clusters=3)


@dataclass(frozen=True)
class PlacedCase(MemoryCase):
    """A case that lies somewhere."""

    @property
    def grid(self) -> Grid:
        """Half a millimetre a voxel."""
        shape = self.array.shape[1:]
        return Grid.create(shape, (0.5,) * len(shape), (7.0,) * len(shape))


def placed(count: int = 4, ndim: int = 2, side: int = 32) -> MemoryCohort:
    cohort = make_cohort(count, ndim, side=side)
    cases = tuple(PlacedCase(c.array, c.key, c.path, c.fingerprint) for c in cohort.cases)
    return replace(cohort, cases=cases)


def net_of(architecture: Architecture = ARCHITECTURE, seed: int = 0) -> DenseNet:
    torch.manual_seed(seed)
    return build_net(architecture)


def preview(folder: Path, settings: PreviewSettings = OFTEN, cohort: MemoryCohort | None = None):
    run = RunFolder(folder)
    folder.mkdir(exist_ok=True)
    cases = (cohort or placed()).cases
    return Preview(settings, cases, run, torch.device("cpu"))


@pytest.mark.parametrize("ndim", [2, 3])
def test_files_fit_together(tmp_path: Path, ndim: int) -> None:
    cohort = placed(2, ndim, side=16)
    net = net_of(ARCHITECTURE.model_copy(update={"ndim": ndim}))
    preview(tmp_path, PreviewSettings(case="1.png"), cohort).update(net, 12)
    place = tmp_path / "previews"
    record = json.loads((place / "preview.json").read_text())
    grid, cells = (Grid.from_dict(record[name]) for name in ("grid", "cells_grid"))
    image, colours, clusters = (
        np.load(place / f"{name}.npy") for name in ("image", "embedding", "clusters")
    )
    assert (record["case"], record["step"]) == ("1.png", 12)
    assert (image.dtype, image.shape) == (np.float16, grid.shape)
    assert grid == cohort.cases[1].grid
    assert (colours.dtype, colours.shape) == (np.uint8, (*cells.shape, 3))
    assert (clusters.dtype, clusters.shape) == (np.uint8, cells.shape)
    assert clusters.max() < 3
    np.testing.assert_allclose(cells.voxel_to_world([0] * ndim), [7.25] * ndim)
    np.testing.assert_allclose(cells.spacing, 1.0)
    event = read_events(tmp_path)[-1]
    assert (event["kind"], event["step"], event["files"]) == ("preview", 12, record["files"])
    assert not list(place.glob(".*"))


def test_without_clusters_there_is_no_cluster_map(tmp_path: Path) -> None:
    preview(tmp_path).update(net_of(ARCHITECTURE.model_copy(update={"clusters": 0})), 1)
    assert read_events(tmp_path)[-1]["files"] == ["embedding.npy", "image.npy"]
    assert not (tmp_path / "previews" / "clusters.npy").exists()


def test_the_time_between_previews(tmp_path: Path) -> None:
    now = [0.0]
    run = RunFolder(tmp_path)
    one = Preview(PreviewSettings(), placed().cases, run, torch.device("cpu"), lambda: now[0])
    for second in range(45):
        now[0] = float(second)
        one.update(net_of(), second)
    one.update(net_of(), 45, at_once=True)
    steps = [event["step"] for event in read_events(tmp_path) if event["kind"] == "preview"]
    assert steps == [0, 20, 40, 45]


def turned(embedding: np.ndarray, how: np.ndarray) -> np.ndarray:
    return np.tensordot(how, embedding, axes=1)


def make_embedding(noise: float = 0.0) -> np.ndarray:
    """Two components of nearly the same variance, a third, and little else."""
    rng = np.random.default_rng(0)
    maps = (
        rng.normal(size=(8, 20, 20)) * np.array([2, 1.9, 1, 0.1, 0.1, 0.1, 0.1, 0.1])[:, None, None]
    )
    return maps + noise * np.random.default_rng(1).normal(size=maps.shape)


def similarity(one: np.ndarray, other: np.ndarray) -> list[float]:
    """Correlation of each colour of two pictures."""
    pairs = zip(one.reshape(-1, 3).T, other.reshape(-1, 3).T, strict=True)
    return [float(np.corrcoef(a.astype(float), b.astype(float))[0, 1]) for a, b in pairs]


def test_colours_keep_sign_and_place_while_components_cross() -> None:
    """The first two components change places, and all may change their sign: colours do not."""
    before = make_embedding()
    after = make_embedding(noise=0.02)
    after[1] *= 1.2
    first = Colours.fit(before)
    told = Colours.fit(after, first.basis)
    assert min(similarity(first.paint(before), told.paint(after))) > 0.95
    alone = Colours.fit(after)
    assert min(similarity(first.paint(before), alone.paint(after))) < 0.5


def test_colours_show_the_first_three_components() -> None:
    colours = Colours.fit(make_embedding())
    assert np.abs(colours.basis[:, 3:]).max() < 0.05
    np.testing.assert_allclose(colours.basis @ colours.basis.T, np.eye(3), atol=1e-9)


def test_a_resumed_run_keeps_its_colours(tmp_path: Path) -> None:
    preview(tmp_path).update(net_of(), 1)
    before = np.load(tmp_path / "previews" / "embedding.npy")
    basis = np.load(tmp_path / "previews" / "basis.npy")
    np.save(tmp_path / "previews" / "basis.npy", basis[[1, 2, 0]] * [[-1], [1], [-1]])
    preview(tmp_path).update(net_of(), 2)
    after = np.load(tmp_path / "previews" / "embedding.npy")
    assert (
        min(
            similarity(
                after, np.stack([255 - before[..., 1], before[..., 2], 255 - before[..., 0]], -1)
            )
        )
        > 0.99
    )
    preview(tmp_path).update(net_of(), 3)
    assert np.array_equal(np.load(tmp_path / "previews" / "embedding.npy"), after)


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY nonsense"])
def test_a_damaged_basis_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    preview(tmp_path).update(net_of(), 1)
    (tmp_path / "previews" / "basis.npy").write_bytes(damage)
    preview(tmp_path).update(net_of(), 2)
    assert np.load(tmp_path / "previews" / "basis.npy").shape == (3, 8)


def test_the_training_is_the_same_with_previews(tmp_path: Path) -> None:
    settings = tiny_settings(
        steps=6, recipe={"architecture": ARCHITECTURE.model_copy(update={"clusters": 0})}
    )
    shown = pretrain(placed(), settings, tmp_path / "shown", preview=OFTEN)
    plain = pretrain(placed(), settings, tmp_path / "plain")
    assert [e["loss"] for e in shown.history] == [e["loss"] for e in plain.history]
    for part in ("model/model.safetensors", "checkpoints/last/state.safetensors"):
        one, other = (load_file(tmp_path / name / part) for name in ("shown", "plain"))
        assert all(torch.equal(one[name], other[name]) for name in other)
    assert any(event["kind"] == "preview" for event in read_events(tmp_path / "shown"))
    assert not (tmp_path / "plain" / "previews").exists()


def test_a_preview_that_fails_is_told_once_and_the_training_goes_on(tmp_path: Path) -> None:
    (tmp_path / "previews").write_text("in the way")
    result = pretrain(placed(), tiny_settings(steps=4), tmp_path, preview=OFTEN)
    assert result.steps == 4
    told = [e for e in read_events(tmp_path) if "no preview" in e.get("message", "")]
    assert len(told) == 1


def test_a_case_that_is_not_there_is_told_and_the_first_is_shown(tmp_path: Path) -> None:
    preview(tmp_path, PreviewSettings(case="nobody.png")).update(net_of(), 1)
    assert "no image 'nobody.png'" in read_events(tmp_path)[0]["message"]
    assert json.loads((tmp_path / "previews" / "preview.json").read_text())["case"] == "0.png"


def test_previews_go_on_after_a_stop(tmp_path: Path) -> None:
    def stop(done: int, _total: int, _message: str) -> None:
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        pretrain(placed(), tiny_settings(steps=6), tmp_path, stop, preview=OFTEN)
    pretrain(placed(), tiny_settings(steps=6), tmp_path, preview=OFTEN)
    steps = [event["step"] for event in read_events(tmp_path) if event["kind"] == "preview"]
    assert steps[0] == 1
    assert steps[-1] == 6
    assert any(3 < step < 6 for step in steps)


def test_what_is_restored_is_shown_beside_what_it_was(tmp_path: Path) -> None:
    settings = dira_settings(steps=4)
    pretrain(placed(), settings, tmp_path / "shown", preview=OFTEN)
    place = tmp_path / "shown" / "previews"
    given, restored, target = (
        np.load(place / f"{name}.npy") for name in ("input", "restored", "target")
    )
    assert given.shape == restored.shape == target.shape == (16, 16)
    assert not np.array_equal(given, target)
    assert {"input.npy", "restored.npy", "target.npy"} <= set(
        json.loads((place / "preview.json").read_text())["files"]
    )
    assert Grid.from_dict(json.loads((place / "preview.json").read_text())["view_grid"]).shape == (
        16,
        16,
    )
    pretrain(placed(), settings, tmp_path / "plain")
    files = [tmp_path / name / "model" / "model.safetensors" for name in ("shown", "plain")]
    one, other = (load_file(file) for file in files)
    assert all(torch.equal(one[name], other[name]) for name in other)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_restored_view_lies_where_it_was_cut(ndim: int) -> None:
    """Flips are undone: voxels of the view hold what the image has at the same place."""
    case = placed(1, ndim, side=48).cases[0]
    ramps = [np.linspace(0, 1, size) for size in case.array.shape[1:]]
    ramp = sum(np.meshgrid(*ramps, indexing="ij")) / ndim
    recipe = tiny_dira(ndim=ndim, upright=False)
    views = recipe.restored_views
    assert views is not None
    crops = views.crops.model_copy(
        update={"flip_axes": tuple(range(-ndim, 0)), "flip_probability": 1}
    )
    arrays, grid = restored_view(
        net_of(recipe.architecture),
        ramp[None].astype(np.float16),
        views.model_copy(update={"crops": crops}),
        torch.device("cpu"),
        case.grid,
    )
    inner = np.stack(np.meshgrid(*[np.arange(2, n - 2) for n in grid.shape], indexing="ij"), -1)
    there = case.grid.world_to_voxel(grid.voxel_to_world(inner))
    expected = (there / (np.array(case.array.shape[1:]) - 1)).mean(-1)
    np.testing.assert_allclose(arrays["target"][(slice(2, -2),) * ndim], expected, atol=0.02)
    if ndim == 3:
        middle = np.abs(case.grid.world_to_voxel(grid.voxel_to_world([0, 0, 0]))[0] - 23.5)
        assert middle <= grid.shape[0] * grid.spacing[0] / case.grid.spacing[0]
