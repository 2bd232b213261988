"""Fine-tuning, prediction and the comparison of pretrainings, as typed."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from medssl.cli.entry import run
from medssl.io import read_image
from tests.core.transfer.blobs import Blobs, write_blobs

QUICKLY = ("--steps", "2", "--device", "cpu")


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return write_blobs(tmp_path_factory.mktemp("blobs"), 24)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, blobs: Blobs) -> Path:
    folder = tmp_path_factory.mktemp("model") / "run"
    arguments = ("--recipe", "dira-barlow", "--width", "4", "--batch", "4", "--device", "cpu")
    assert (
        run(["pretrain", str(blobs.images), "--steps", "1", *arguments, "--out", str(folder)]) == 0
    )
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def few(blobs: Blobs, folder: Path, of_each: int = 3) -> Path:
    """Write a table of the first images of each class."""
    table = folder / "few.csv"
    names = list(blobs.kinds)[: 3 * of_each]
    table.write_text("\n".join(["image,label", *(f"{n},{blobs.kinds[n]}" for n in names)]) + "\n")
    return table


def test_classes_are_learned_and_predicted(
    medssl: Callable, blobs: Blobs, model: Path, tmp_path: Path
) -> None:
    folder, table = tmp_path / "net", few(blobs, tmp_path)
    teach = ("finetune", "classify", blobs.images, table, "--model", model, "--out", folder)
    outcome = medssl(*teach, *QUICKLY)
    assert outcome.code == 0, outcome.stderr
    assert "Learned left, none, right from 9 images" in outcome.stdout
    assert "tensors of run" in outcome.stdout
    assert "Not for diagnosis" in outcome.stdout
    assert "15 of 24 images have no label" in outcome.stderr
    predicted = rows(folder / "predictions.csv")
    assert [row["image"] for row in predicted] == list(blobs.kinds)
    assert sum(int(row["learned_from"]) for row in predicted) == 9
    assert {row["predicted"] for row in predicted} <= {"left", "none", "right"}
    again = medssl(*teach, *QUICKLY)
    assert again.code == 2
    assert "not replaced" in again.lines[0]
    picture = blobs.images / "p20.png"
    new = medssl("predict", picture, "--model", folder, "--out", tmp_path / "new", "--json")
    assert new.code == 0, new.stderr
    assert new.json["images"] == 1
    assert new.json["task"] == "classify"
    assert new.json["left_out"] == []
    alone = rows(Path(new.json["predictions"]))[0]
    assert float(alone["p_left"]) == pytest.approx(float(predicted[20]["p_left"]), abs=0.02)
    refused = medssl("predict", picture, "--model", folder, "--out", tmp_path / "new")
    assert refused.code == 2
    assert "not replaced" in refused.lines[0]


def test_fewer_labels_and_json(medssl: Callable, blobs: Blobs, model: Path, tmp_path: Path) -> None:
    outcome = medssl(
        "finetune", "classify", blobs.images, blobs.labels, "--model", model, "--labelled", "2",
        "--out", tmp_path / "net", *QUICKLY, "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    told = outcome.json
    assert told["learned_from"] == 6
    assert told["names"] == ["left", "none", "right"]
    assert told["settings"]["steps"] == 2
    assert told["transferred"] > 0
    assert told["warnings"] == told["left_out"] == []
    chosen = [
        row["image"]
        for row in rows(tmp_path / "net" / "predictions.csv")
        if int(row["learned_from"])
    ]
    assert sorted(blobs.kinds[name] for name in chosen) == sorted(["left", "none", "right"] * 2)


def test_findings_are_told_above_one_half_only(
    medssl: Callable, blobs: Blobs, tmp_path: Path
) -> None:
    table = tmp_path / "findings.csv"
    lines = [
        f"{name},{int(kind != 'none')},{int(kind == 'left')}" for name, kind in blobs.kinds.items()
    ]
    table.write_text("\n".join(["image,disc,left", *lines]) + "\n")
    outcome = medssl(
        "finetune", "classify", blobs.images, table, "--label", "disc", "--label", "left",
        "--model", "random", "--out", tmp_path / "net", *QUICKLY,
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert "beginning with random weights" in outcome.stdout
    for row in rows(tmp_path / "net" / "predictions.csv"):
        certain = [name for name in ("disc", "left") if float(row[f"p_{name}"]) > 0.5]
        assert row["predicted"] == ("+".join(certain) or "none")


def test_masks_are_learned_and_predicted(
    medssl: Callable, blobs: Blobs, model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "net"
    outcome = medssl(
        "finetune", "segment", blobs.images, blobs.masks, "--structures", "disc=mask",
        "--labelled", "50%", "--model", model, "--out", folder, *QUICKLY, "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert outcome.json["task"] == "segment"
    assert outcome.json["names"] == ["disc"]
    assert outcome.json["learned_from"] == 12
    sizes = rows(folder / "predicted.csv")
    assert [row["image"] for row in sizes] == list(blobs.kinds)
    assert {row["structure"] for row in sizes} == {"disc"}
    written = read_image(folder / "predicted" / "p05.png").array
    assert written.shape == (32, 32)
    assert (written == 1).sum() == int(sizes[5]["size"])
    new = medssl("predict", blobs.images / "p05.png", "--model", folder, "--out", tmp_path / "new")
    assert new.code == 0, new.stderr
    assert "1 image:" in new.stdout
    assert (tmp_path / "new" / "predicted" / "p05.png").is_file()


def test_what_was_predicted_is_not_replaced_by_a_training(
    medssl: Callable, blobs: Blobs, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "predictions.csv").write_text("mine")
    outcome = medssl(
        "finetune", "classify", blobs.images, blobs.labels, "--model", model, "--out", tmp_path
    )
    assert outcome.code == 2
    assert "predictions.csv: it is there already" in outcome.lines[0]
    assert (tmp_path / "predictions.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--label", "kind"), "the column kind is missing (found: image, label)"),
        (("--labelled", "five"), "'five' is no number of images"),
        (("--labelled", "0"), "'0' is no number of images"),
        (("--labelled=-1",), "'-1' is no number of images"),
        (("--labelled", "120%"), "no share up to 100%"),
        (("--labelled", "9"), "'left' has 8 labelled images to learn from, not 9"),
    ],
)
def test_refused_labels(
    medssl: Callable, blobs: Blobs, model: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    out = ("--model", model, "--out", tmp_path / "net")
    outcome = medssl("finetune", "classify", blobs.images, blobs.labels, *out, *options)
    assert outcome.code == 2
    assert said in outcome.lines[0]
    assert not (tmp_path / "net").exists()


def test_a_folder_that_was_not_fine_tuned_predicts_nothing(
    medssl: Callable, blobs: Blobs, model: Path, tmp_path: Path
) -> None:
    outcome = medssl("predict", blobs.images, "--model", model, "--out", tmp_path / "new")
    assert outcome.code == 2
    assert "there is no fine-tuned net in it" in outcome.lines[0]


def test_pretrainings_are_compared(medssl: Callable, blobs: Blobs, tmp_path: Path) -> None:
    common = (
        "--methods", "random,dira-barlow", "--steps", "1", "--finetune-steps", "2", "--seeds", "1",
        "--net", "plain", "--width", "4", "--longest-side", "32", "--device", "cpu",
    )  # fmt: skip
    out = tmp_path / "work"
    asked = ("evaluate", "transfer", blobs.images, blobs.labels, "--out", out, *common)
    outcome = medssl(*asked, "--labelled", "1,2", "--json", tmp_path / "result.json")
    assert outcome.code == 0, outcome.stderr
    assert "mean AUC" in outcome.stdout
    assert "dira-barlow" in outcome.stdout
    result = json.loads((tmp_path / "result.json").read_text())
    assert [(row["method"], row["labelled"]) for row in result["rows"]] == [
        ("random", "1"), ("dira-barlow", "1"), ("random", "2"), ("dira-barlow", "2"),
    ]  # fmt: skip
    assert len(list((out / "cells").iterdir())) == 4
    reused = medssl(
        "evaluate", "reuse", blobs.images, blobs.labels, "--out", out, *common, "--json", "-"
    )
    assert reused.code == 0, reused.stderr
    assert [row["method"] for row in reused.json["rows"]] == ["random", "dira-barlow"]
    assert reused.json["rows"][0]["strides"][0] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--methods", "random,dira-moko"), "recipe"),
        (("--model", "mine=nowhere"), "nowhere: this is not a model folder"),
        (("--model", "nowhere"), "is not of the form NAME=DIR"),
        (("--labelled", "5,0"), "'0' is no number of images"),
        (("--structures", "disc=mask"), "--structures is for a folder of masks"),
        (("--minutes", "1", "--steps", "1"), "not both"),
    ],
)
def test_comparisons_are_refused_before_the_first_training(
    medssl: Callable, blobs: Blobs, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    out = tmp_path / "work"
    outcome = medssl("evaluate", "transfer", blobs.images, blobs.labels, "--out", out, *options)
    assert outcome.code == 2
    assert said in outcome.lines[0]
    assert not out.exists()


def test_columns_of_masks_are_refused(medssl: Callable, blobs: Blobs, tmp_path: Path) -> None:
    outcome = medssl(
        "evaluate", "reuse", blobs.images, blobs.masks, "--out", tmp_path / "o", "--label", "x"
    )
    assert outcome.code == 2
    assert "is a folder of masks" in outcome.lines[0]
