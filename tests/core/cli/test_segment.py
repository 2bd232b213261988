"""Clusters and few labels, as typed."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medssl.io import read_image
from medssl.runs import read_status
from tests.core.segment.discs import SIDE, write_discs


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_discs(tmp_path_factory.mktemp("typed"), 5)


@pytest.fixture
def one_mask(discs: tuple[Path, Path], tmp_path: Path) -> Path:
    folder = tmp_path / "masks"
    folder.mkdir()
    (folder / "d00.png").write_bytes((discs[1] / "d00.png").read_bytes())
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_cohort_is_clustered_and_an_organ_picked(
    medssl: Callable, discs: tuple[Path, Path], one_mask: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = ("segment", "clusters", discs[0], "--out", out, "--clusters", "12", "--level", "4")
    outcome = medssl(*asked, "--masks", one_mask, "--structures", "disc=mask", "--json")
    assert outcome.code == 0, outcome.stderr
    assert outcome.json["clusters"] == 12
    labels = read_image(out / "structures" / "d03.png").array
    assert labels.shape == (SIDE, SIDE)
    assert set(np.unique(labels)) <= {1, 2, 3, 4}
    table = rows(out / "predicted.csv")
    assert [row["image"] for row in table] == [f"d{n:02d}.png" for n in range(5)]
    assert [row["learned_from"] for row in table] == ["1", "0", "0", "0", "0"]
    assert all(0 <= float(row["confidence"]) <= 1 for row in table)
    organ = read_image(out / "predicted" / "d03.png").array
    assert (organ == 1).sum() == int(table[3]["size"])
    again = medssl(*asked)
    assert again.code == 2
    assert "not replaced" in again.lines[0]


def test_clusters_are_read_again_in_other_images(
    medssl: Callable, discs: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    asked = ("segment", "clusters", discs[0], "--level", "4")
    assert medssl(*asked, "--out", first, "--clusters", "12").code == 0
    shutil.copytree(discs[0], tmp_path / "some")
    (tmp_path / "some" / "d00.png").unlink()
    again = medssl(
        "segment", "clusters", tmp_path / "some", "--level", "4", "--out", second, "--reuse", first
    )
    assert again.code == 0, again.stderr
    one, other = (read_image(out / "structures" / "d03.png").array for out in (first, second))
    np.testing.assert_array_equal(one, other)
    refused = medssl(*asked, "--out", tmp_path / "x", "--reuse", first, "--clusters", "9")
    assert refused.code == 2


def test_a_level_that_is_not_there_is_refused(
    medssl: Callable, discs: tuple[Path, Path], tmp_path: Path
) -> None:
    asked = ("segment", "clusters", discs[0], "--out", tmp_path / "out", "--clusters", "4")
    outcome = medssl(*asked, "--level", "9")
    assert outcome.code == 2
    assert "there are 1 to 4 clusters" in outcome.lines[-1]
    assert not (tmp_path / "out" / "structures").exists()


def test_few_masks_teach_a_head(
    medssl: Callable, discs: tuple[Path, Path], one_mask: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    outcome = medssl("segment", "few", discs[0], one_mask, "--out", out)
    assert outcome.code == 0, outcome.stderr
    assert "from 1 images" in outcome.stdout
    assert len(rows(out / "predicted.csv")) == 5
    truth = read_image(discs[1] / "d02.png").array > 0
    found = read_image(out / "predicted" / "d02.png").array == 1
    assert 2 * (truth & found).sum() / (truth.sum() + found.sum()) > 0.7


def test_few_masks_teach_a_net_as_a_job(
    medssl: Callable, discs: tuple[Path, Path], one_mask: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    asked = ("segment", "few", discs[0], one_mask, "--finetune", "--steps", "2", "--device", "cpu")
    outcome = medssl(*asked, "--model", "random", "--out", out, "--json")
    assert outcome.code == 0, outcome.stderr
    assert read_status(out).state == "done"
    assert json.loads((out / "job.json").read_text())["request"]["verb"] == "segment"
    assert (out / "finetuned.safetensors").is_file()
    assert len(rows(out / "predicted.csv")) == 5
    assert not json.loads((out / "finetuned.json").read_text())["settings"]["coarse"]
    how = ("--model", "random", "--coarse", "--side", "64", "--out", tmp_path / "cells")
    coarse = medssl(*asked, *how, "--json")
    assert coarse.code == 0, coarse.stderr
    card = json.loads((tmp_path / "cells" / "finetuned.json").read_text())
    assert card["input"]["longest_side"] == 64
    again = medssl("predict", discs[0], "--model", tmp_path / "cells", "--out", tmp_path / "new")
    assert again.code == 0, again.stderr
    assert len(rows(tmp_path / "new" / "predicted.csv")) == 5
    refused = medssl(*asked, "--out", tmp_path / "other")
    assert refused.code == 2
    assert "instant has no net to fine-tune" in refused.lines[-1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--mode", "few", "--model", "otsu"), "otsu is a control of clusters"),
        (("--mode", "few", "--clusters", "5"), "a number of clusters is for clusters by k-means"),
        (("--mode", "few"), "instant has no net to fine-tune"),
        (("--steps", "5"), "steps are for the fine-tuning"),
        (("--seconds", "5"), "seconds are for the fine-tuning"),
        (("--side", "64"), "a side is for"),
        (("--coarse",), "coarse is for the fine-tuning"),
        (("--model", "unet"), "unet is a control of the fine-tuning"),
        (("--model", "random:run"), "random:DIR is a control of the fine-tuning"),
        (
            ("--mode", "few", "--model", "unet", "--steps", "5", "--seconds", "5"),
            "give steps or seconds",
        ),
        (("--reading", "assignment"), "no clusters of its own"),
        (("--shots", "5"), "nothing is left to score"),
        (("--shots", "6"), "6 cannot be learned"),
        (("--structures", "liver"), "there is no mask of liver"),
    ],
)
def test_evaluations_that_cannot_be(
    medssl: Callable, discs: tuple[Path, Path], options: tuple[str, ...], said: str
) -> None:
    fast = () if "--mode" in options or "--reading" in options else ("--clusters", "4")
    outcome = medssl("evaluate", "segment", *discs, *fast, *options)
    assert outcome.code == 2
    assert said in outcome.lines[-1]


def test_clusters_are_evaluated(medssl: Callable, discs: tuple[Path, Path], tmp_path: Path) -> None:
    sizes = tmp_path / "sizes.csv"
    lines = [f"d{number:02d}.png,0.5,0.5" for number in range(5)]
    sizes.write_text("\n".join(["image,x_mm,y_mm", *lines]) + "\n")
    common = ("--structures", "disc=mask", "--seed", "3", "--json", tmp_path / "out.json")
    asked = ("evaluate", "segment", *discs, "--clusters", "16", "--spacing", sizes, *common)
    outcome = medssl(*asked)
    assert outcome.code == 0, outcome.stderr
    assert "Dice of one cluster" in outcome.stdout
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["images"] == len(result["cases"]) == 4
    assert result["shots"][0] not in {row["image"] for row in result["cases"]}
    assert result["dice"] >= result["single"]["dice"]
    assert result["dice"] == pytest.approx(result["per_structure"]["disc"]["dice"])
    assert result["iou"] < result["dice"] < 1
    assert 0 < result["hd95_mm"] < 20
    assert result["seconds_per_case"] > 0
    assert medssl("evaluate", "segment", *discs, "--model", "otsu", *common).code == 0
    control = json.loads((tmp_path / "out.json").read_text())
    assert control["hd95_mm"] is None
    assert control["shots"] == result["shots"]


@pytest.mark.parametrize("learner", ["head", "finetune"])
def test_few_labels_are_evaluated(medssl: Callable, discs: tuple[Path, Path], learner: str) -> None:
    steps = ("--steps", "2") if learner == "finetune" else ()
    asked = ("evaluate", "segment", *discs, "--mode", "few", "--model", "random", "--shots", "2")
    outcome = medssl(*asked, "--learner", learner, *steps, "--device", "cpu", "--json", "-")
    assert outcome.code == 0, outcome.stderr
    assert outcome.json["images"] == 3
    assert outcome.json["learned"]["learner"] == learner
    assert "single" not in outcome.json
    assert 0 <= outcome.json["dice"] <= 1


@pytest.mark.parametrize("model", ["random", "unet"])
def test_a_net_learns_for_the_seconds_it_is_given(
    medssl: Callable, discs: tuple[Path, Path], tmp_path: Path, model: str
) -> None:
    asked = ("--mode", "few", "--model", model, "--seconds", "1", "--device", "cpu")
    outcome = medssl("evaluate", "segment", *discs, *asked, "--json", tmp_path / "out.json")
    assert outcome.code == 0, outcome.stderr
    learned = json.loads((tmp_path / "out.json").read_text())["learned"]
    assert learned["steps"] >= 2
    assert len(learned["losses"]) == learned["steps"]
    assert learned["transferred"] == 0
