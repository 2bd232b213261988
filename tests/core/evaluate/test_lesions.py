"""The contract of `evaluate lesions`, and that masks reach neither nets nor maps."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medssl.errors import Cancelled, FileRefusedError, SettingsError
from medssl.evaluate.lesions import LesionTrial, evaluate_lesions
from medssl.evaluate.lesions.controls import CONTROLS
from medssl.evaluate.lesions.kept import Answer, KeptParts
from medssl.evaluate.lesions.sheet import Picked, lesion_sheet
from medssl.evaluate.lesions.truth import open_truth
from medssl.geometry import Grid
from medssl.io import Image, read_image, write_image
from medssl.lesions import read_lesion_labels
from medssl.prepare import ArrayCache
from medssl.progress import Progress, silent
from tests.core.lesions.conftest import quick
from tests.core.transfer.blobs import Blobs, write_blobs

KEYS = {
    "auc", "auc_interval", "pointing", "iou_at_tuned", "iou_otsu", "box_iou_0.3", "box_iou_0.5",
    "false_positives_per_image",
}  # fmt: skip


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return write_blobs(tmp_path_factory.mktemp("blobs"), 18)


def run(
    blobs: Blobs,
    masks: Path,
    cache: Path,
    keep: Path | None = None,
    progress: Progress = silent,
    **values: Any,
) -> tuple[dict[str, Any], list[Any]]:
    shown: list[Picked] = []
    known = {"folds": 2, "device": "cpu", "settings": quick(steps=4)}
    result = evaluate_lesions(
        blobs.listing, blobs.labels, masks, LesionTrial(**(known | values)), normal="none",
        cache=ArrayCache(cache), keep=keep, progress=progress, show=shown.append,
    )  # fmt: skip
    return result, shown


@pytest.fixture(scope="module")
def evaluated(
    blobs: Blobs, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], list[Picked]]:
    return run(blobs, blobs.masks, tmp_path_factory.mktemp("cache"))


def test_the_contract(evaluated: tuple[dict[str, Any], list[Picked]]) -> None:
    result, shown = evaluated
    for block in ("lesion", "left", "right"):
        assert set(result[block]) == {"method", *CONTROLS}
        for values in result[block].values():
            assert set(values) >= KEYS
            assert 0 <= values["pointing"] <= 1
            assert 0 <= values["iou_at_tuned"] <= 1
    assert result["lesion"]["method"]["positives"] == 12
    assert result["left"]["method"]["mapped"] == 6
    assert result["lesion"]["centre_gaussian"]["auc"] == 0.5
    assert len(result["images"]) == 18
    assert {row["fold"] for row in result["images"]} == {0, 1}
    assert len(shown) == 12
    assert lesion_sheet(shown, each=2).size[0] > 400


def test_the_brightest_blob_is_found_by_saliency(
    evaluated: tuple[dict[str, Any], list[Picked]],
) -> None:
    lesion = evaluated[0]["lesion"]
    assert lesion["saliency"]["pointing"] > 0.9
    assert lesion["saliency"]["iou_at_tuned"] > lesion["random_map"]["iou_at_tuned"]


def test_poisoned_masks_change_no_map_and_no_score_of_an_image(
    blobs: Blobs, evaluated: tuple[dict[str, Any], list[Picked]], tmp_path: Path
) -> None:
    poisoned = tmp_path / "masks"
    shutil.copytree(blobs.masks, poisoned)
    for path in poisoned.iterdir():
        image = read_image(path)
        wrong = 255 - np.asarray(image.array, np.uint8)
        write_image(Image(wrong, Grid.create(wrong.shape), "yx"), path)
    result, shown = run(blobs, poisoned, tmp_path / "cache")
    clean, before = evaluated
    assert result["images"] == clean["images"]
    assert result["lesion"]["method"]["auc"] == clean["lesion"]["method"]["auc"]
    assert result["lesion"]["saliency"]["pointing"] != clean["lesion"]["saliency"]["pointing"]
    maps = {picked.name: picked.values for picked in before}
    for picked in shown:
        assert np.array_equal(picked.values, maps[picked.name])


def test_a_lesion_without_a_mask_is_left_out_of_the_map_scores(
    blobs: Blobs, tmp_path: Path
) -> None:
    masks = tmp_path / "masks"
    shutil.copytree(blobs.masks, masks)
    (masks / "p00.png").unlink()
    result, _ = run(blobs, masks, tmp_path / "cache", labels_per_class=3)
    assert result["lesion"]["method"]["positives"] == 12
    assert result["lesion"]["method"]["mapped"] == 11
    assert result["labels_per_class"] == 3


def test_a_mask_of_another_size_is_refused_before_the_training(
    blobs: Blobs, tmp_path: Path
) -> None:
    masks = tmp_path / "masks"
    shutil.copytree(blobs.masks, masks)
    small = Image(np.zeros((16, 16), np.uint8), Grid.create((16, 16)), "yx")
    write_image(small, masks / "p03.png")
    with pytest.raises(FileRefusedError, match=r"p03\.png: the mask has 16 × 16 voxels"):
        run(blobs, masks, tmp_path / "cache", settings=None)


def test_too_few_images_for_the_folds_are_refused(blobs: Blobs, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("image,label\np00.png,left\np01.png,none\np02.png,right\np04.png,none\n")
    with pytest.raises(SettingsError, match="Take fewer folds, or label more images"):
        evaluate_lesions(
            blobs.listing, labels, blobs.masks, LesionTrial(folds=2), normal="none",
            cache=ArrayCache(tmp_path / "cache"),
        )  # fmt: skip


def test_structures_that_have_the_name_of_a_class_show_it(blobs: Blobs, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    for case in blobs.prepared.cases:
        stem = case.name.removesuffix(".png")
        for structure, rows in (("fluid", slice(0, 4)), ("lung", slice(8, 16))):
            mask = np.zeros((32, 32), np.uint8)
            mask[rows] = 255
            grid = Grid.create(mask.shape)
            write_image(Image(mask, grid, "yx"), masks / f"{stem}__{structure}.png")
    table = tmp_path / "labels.csv"
    lines = [f"{case.key},{n % 2}" for n, case in enumerate(blobs.prepared.cases)]
    table.write_text("\n".join(["image,has_fluid", *lines]) + "\n")
    labels = read_lesion_labels(table, blobs.listing.sources, ["has_fluid"])
    truth = open_truth(masks, blobs.prepared.cases, labels)
    assert truth.parts == {"lesion": ("fluid",), "has_fluid": ("fluid",)}
    mask = truth.mask(blobs.prepared.cases[0], "lesion")
    assert mask is not None
    assert mask.sum() == 4 * 32


def test_an_evaluation_goes_on_from_its_last_finished_part(blobs: Blobs, tmp_path: Path) -> None:
    keep = tmp_path / "parts"
    cache = tmp_path / "cache"

    def stop_in_the_second_part(done: int, total: int, message: str) -> None:
        if message.startswith("fold 2"):
            raise Cancelled

    with pytest.raises(Cancelled):
        run(blobs, blobs.masks, cache, keep=keep, progress=stop_in_the_second_part)
    assert len(list(keep.iterdir())) == 1
    told: list[str] = []
    result, _ = run(
        blobs, blobs.masks, cache, keep=keep, progress=lambda done, total, said: told.append(said)
    )
    assert not any(said.startswith("fold 1") for said in told)
    assert any(said.startswith("fold 2") for said in told)
    whole, _ = run(blobs, blobs.masks, cache)
    for block in ("lesion", "left", "right"):
        assert result[block] == whole[block]
    assert result["images"] == whole["images"]


@pytest.mark.parametrize("change", ["seed", "damage"])
def test_kept_parts_of_other_settings_or_that_are_damaged_are_not_taken(
    blobs: Blobs, tmp_path: Path, change: str
) -> None:
    keep = tmp_path / "parts"
    run(blobs, blobs.masks, tmp_path / "cache", keep=keep)
    if change == "damage":
        for path in keep.iterdir():
            path.write_bytes(path.read_bytes()[:200])
    told: list[str] = []
    settings = quick(steps=4) if change == "damage" else quick(steps=5)
    run(
        blobs, blobs.masks, tmp_path / "cache", keep=keep, settings=settings,
        progress=lambda done, total, said: told.append(said),
    )  # fmt: skip
    assert any(said.startswith("fold 1") for said in told)


def test_other_methods_are_scored_beside_it(blobs: Blobs, tmp_path: Path) -> None:
    result, _ = run(blobs, blobs.masks, tmp_path / "cache", also=("cam", "hirescam"))
    assert list(result["lesion"]) == ["method", "cam", "hirescam", *CONTROLS]
    assert result["lesion"]["cam"]["auc"] == result["lesion"]["method"]["auc"]
    assert result["lesion"]["cam"]["iou_otsu"] != result["lesion"]["method"]["iou_otsu"]


def test_what_was_said_of_a_part_is_said_again_when_it_is_read(
    blobs: Blobs, tmp_path: Path
) -> None:
    cases = blobs.prepared.cases
    kept = KeptParts(tmp_path, {"seed": 0}, cases)
    maps = np.zeros((1, *cases[0].array.shape[1:]), np.float16)
    answers = {"method": {cases[0].key: Answer(np.array([0.7]), maps)}}
    kept.write(0, ["a"], answers, ["not learned from: b"])
    found = KeptParts(tmp_path, {"seed": 0}, cases).read(0, ["a"], ["method"])
    assert found is not None
    assert found[1] == ["not learned from: b"]
    assert found[0]["method"][cases[0].key].scores == pytest.approx([0.7])
    assert KeptParts(tmp_path, {"seed": 1}, cases).read(0, ["a"], ["method"]) is None
