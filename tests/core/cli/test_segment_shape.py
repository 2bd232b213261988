"""A shape without a mask of the images, as typed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medssl.geometry import Grid
from medssl.io import Image, read_image, write_image
from medssl.runs import read_status
from tests.core.segment.tubes import write_tubes

FAST = ("--side", "64", "--device", "cpu")


@pytest.fixture(scope="module")
def tubes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_tubes(tmp_path_factory.mktemp("typed_tubes"), (64, 64), images=3, masks=4)


def test_a_shape_is_a_job_that_is_done_once(
    medssl: Callable, tubes: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    asked = ("segment", "shape", tubes["images"], "--prior", tubes["prior"], "--out", out, *FAST)
    outcome = medssl(*asked, "--steps", "4", "--json")
    assert outcome.code == 0, outcome.stderr
    assert read_status(out).state == "done"
    with (out / "predicted.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["image"] for row in table] == ["t0.png", "t1.png", "t2.png"]
    assert {row["learned_from"] for row in table} == {"0"}
    for folder in ("before", "predicted"):
        assert read_image(out / folder / "t1.png").array.shape == (64, 64)
    written = (out / "predicted.csv").stat().st_mtime_ns
    assert medssl(*asked, "--steps", "4").code == 0
    assert (out / "predicted.csv").stat().st_mtime_ns == written
    other = medssl(*asked, "--steps", "6")
    assert other.code == 2
    assert "other settings" in other.lines[0]


def test_what_was_learned_segments_new_images(
    medssl: Callable, tubes: dict[str, Path], tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    asked = ("segment", "shape", tubes["images"], "--prior", tubes["prior"], "--out", run, *FAST)
    assert medssl(*asked, "--steps", "4").code == 0
    outcome = medssl("predict", tubes["images"], "--model", run, "--out", out)
    assert outcome.code == 0, outcome.stderr
    assert read_image(out / "predicted" / "t0.png").array.shape == (64, 64)


def test_photographs_are_no_prior(medssl: Callable, tubes: dict[str, Path], tmp_path: Path) -> None:
    asked = ("segment", "shape", tubes["images"], "--prior", tubes["images"])
    outcome = medssl(*asked, "--out", tmp_path / "run", *FAST)
    assert outcome.code == 2
    assert "looks like an image, not a mask" in outcome.lines[-1]


def test_before_and_after_refinement_are_scored_beside_filters(
    medssl: Callable, tubes: dict[str, Path]
) -> None:
    asked = ("evaluate", "segment", tubes["images"], tubes["truth"], "--mode", "shape")
    prior = ("--prior", tubes["prior"], *FAST)
    learned = medssl(*asked, *prior, "--steps", "4", "--json", "-")
    assert learned.code == 0, learned.stderr
    assert learned.json["images"] == 3
    assert learned.json["shots"] == []
    assert 0 <= learned.json["before"]["dice"] <= 1
    assert len(learned.json["learned"]["prior"]) == 4
    sato = medssl(*asked, *prior, "--model", "sato", "--json", "-")
    assert sato.json["dice"] > 0.6
    assert sato.json["learned"]["dark"]


def test_masks_of_the_images_never_teach(
    medssl: Callable, tubes: dict[str, Path], tmp_path: Path
) -> None:
    asked = ("evaluate", "segment", tubes["images"], tubes["truth"], "--mode", "shape", *FAST)
    alone = medssl(*asked, "--prior", tubes["truth"], "--json", "-")
    assert alone.code == 2
    assert "belong to the images themselves" in alone.lines[-1]
    both = tmp_path / "both"
    shutil.copytree(tubes["truth"], both)
    shutil.copy(tubes["prior"] / "other0.png", both)
    shutil.copy(tubes["prior"] / "other1.png", both)
    groups = tmp_path / "groups.csv"
    rows = ["image,group", *(f"t{n}.png,{n}" for n in range(3)), "other1.png,2"]
    groups.write_text("\n".join(rows) + "\n", encoding="utf-8")
    given = (*asked, "--prior", both, "--groups", groups, "--steps", "4", "--json", "-")
    outcome = medssl(*given)
    assert outcome.code == 0, outcome.stderr
    assert outcome.json["learned"]["prior"] == ["other0.png"]


def test_a_shape_needs_a_prior_and_nothing_else_does(
    medssl: Callable, tubes: dict[str, Path]
) -> None:
    asked = ("evaluate", "segment", tubes["images"], tubes["truth"])
    assert medssl(*asked, "--mode", "shape").code == 2
    assert medssl(*asked, "--prior", tubes["prior"]).code == 2
    assert medssl(*asked, "--model", "sato").code == 2


def test_masks_on_another_grid_are_resampled_and_said(
    medssl: Callable, tubes: dict[str, Path], tmp_path: Path
) -> None:
    for path in tubes["truth"].iterdir():
        array = read_image(path).array[::2, ::2]
        write_image(Image(array.copy(), Grid.create(array.shape), "yx"), tmp_path / path.name)
    asked = ("evaluate", "segment", tubes["images"], tmp_path, "--mode", "shape", *FAST)
    asked = (*asked, "--prior", tubes["prior"], "--model", "sato", "--json", "-")
    outcome = medssl(*asked)
    assert outcome.code == 0, outcome.stderr
    assert outcome.json["dice"] > 0.5
    assert "resampled" in outcome.json["warnings"][0]
    write_image(
        Image(np.ones((64, 20), np.uint8), Grid.create((64, 20)), "yx"), tmp_path / "t0.png"
    )
    outcome = medssl(*asked)
    assert outcome.code == 2
    assert "other proportions" in outcome.lines[-1]
