"""Lesions as typed: fit, map, and what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from medssl.io import read_image
from medssl.runs import list_runs, read_status
from tests.core.transfer.blobs import Blobs, write_blobs

QUICKLY = ("--steps", "2", "--folds", "2", "--device", "cpu", "--normal", "none")


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return write_blobs(tmp_path_factory.mktemp("blobs"), 12)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_fit_is_a_job_and_maps_follow(medssl: Callable, blobs: Blobs, tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text("\n".join(blobs.labels.read_text().splitlines()[:10]) + "\n")
    run = tmp_path / "runs" / "one"
    teach = ("lesions", "fit", blobs.images, few, "--out", run, *QUICKLY)
    outcome = medssl(*teach)
    assert outcome.code == 0, outcome.stderr
    assert "2 nets learned from 3 left, 3 none, 3 right" in outcome.stdout
    assert "Not for diagnosis" in outcome.stdout
    assert "3 of 12 images have no label" in outcome.stderr
    (listed,) = list_runs(tmp_path / "runs")
    assert (listed.verb, listed.method, listed.images) == ("lesions", "random", 12)
    assert read_status(run).state == "done"
    scores = rows(run / "lesions" / "scores.csv")
    assert [row["image"] for row in scores] == list(blobs.kinds)
    assert [row["label"] for row in scores[-3:]] == ["", "", ""]
    again = medssl(*teach)
    assert again.code == 0
    other = medssl(*teach, "--seed", "5")
    assert other.code == 2
    assert "holds a run with other settings" in other.lines[0]
    found = tmp_path / "found"
    mapped = medssl(
        "lesions", "map", blobs.images / "p00.png", "--model", run, "--out", found, "--method",
        "cam", "--least-probability", "0", "--grow", "instant", "--json",
    )  # fmt: skip
    assert mapped.code == 0, mapped.stderr
    assert mapped.json["questions"] == ["lesion", "left", "right"]
    assert "not for diagnosis" in mapped.json["notice"]
    assert read_image(found / "maps" / "p00__lesion.png").array.shape == (32, 32)
    assert len(rows(found / "regions.csv")) == mapped.json["regions"]
    refused = medssl("lesions", "map", blobs.images, "--model", run, "--out", found)
    assert refused.code == 2
    assert "not replaced" in refused.lines[0]


def test_evaluation_is_written_and_shown(medssl: Callable, blobs: Blobs, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    options = ("--steps", "2", "--device", "cpu", "--normal", "none", "--json", out)
    outcome = medssl(
        "evaluate", "lesions", blobs.images, blobs.labels, blobs.masks, "--folds", "2", *options
    )
    assert outcome.code == 0, outcome.stderr
    assert "centre_gaussian" in outcome.stdout
    assert "lesion: 8 of 12" in outcome.stdout
    assert out.is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--normal", "well"), "no image has the label 'well' (found: left, none, right)"),
        (("--normal", "none", "--label", "kind"), "the column kind is missing"),
        (("--normal", "none", "--model", "nowhere"), "nowhere: this is not a model folder"),
        (("--normal", "none", "--stride", "7"), "has no map of 7 voxels a place"),
    ],
)
def test_refused_fits(
    medssl: Callable, blobs: Blobs, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    outcome = medssl(
        "lesions", "fit", blobs.images, blobs.labels, "--out", tmp_path / "run", *options
    )
    assert outcome.code == 2
    assert said in outcome.lines[0]
    assert not (tmp_path / "run").exists()


def test_refused_maps(medssl: Callable, blobs: Blobs, tmp_path: Path) -> None:
    common = ("lesions", "map", blobs.images, "--model", tmp_path, "--out", tmp_path / "found")
    outcome = medssl(*common)
    assert outcome.code == 2
    assert "there is no classifier of lesions in it" in outcome.lines[0]
    outcome = medssl(*common, "--threshold", "2")
    assert "neither otsu nor a share" in outcome.lines[0]
