"""The comparison of pretrainings: fair, resumable, and honest about who saw what."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medssl.errors import Cancelled, FileRefusedError, ModelError, SettingsError
from medssl.evaluate.transfer import (
    evaluate_reuse,
    evaluate_transfer,
    make_transfer_request,
)
from medssl.evaluate.transfer.methods import common_net, pretrained_start, same_shape
from medssl.evaluate.transfer.similarity import linear_cka
from medssl.evaluate.transfer.splits import is_tested
from medssl.models import DataInfo, EmbeddingInfo, ModelCard, save_model
from medssl.nets import Architecture, build_net
from medssl.prepare import PrepareSettings
from medssl.runs import RunFolder
from medssl.transfer import draw_labelled
from tests.core.transfer.blobs import Blobs, write_blobs


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return write_blobs(tmp_path_factory.mktemp("blobs"), 36)


def request(**values: Any) -> Any:
    known = {
        "methods": ("random", "dira-barlow"), "labelled": ("2", "all"), "seeds": 2,
        "net": "plain", "width": 4, "longest_side": 32, "pretrain_steps": 2, "finetune_steps": 3,
        "bootstrap": 100, "device": "cpu",
    }  # fmt: skip
    return make_transfer_request(**(known | values))


def test_classification_is_compared_and_resumed(blobs: Blobs, tmp_path: Path) -> None:
    result = evaluate_transfer(blobs.listing, blobs.labels, tmp_path, request())
    assert result["task"] == "classify"
    assert result["tested"] + result["pool"] == 36
    rows = {(row["method"], row["labelled"]): row for row in result["rows"]}
    assert set(rows) == {(m, n) for m in ("random", "dira-barlow") for n in ("2", "all")}
    assert rows["random", "2"]["gain"] is None
    assert rows["random", "2"]["learned_from"] == 6
    gained = rows["dira-barlow", "2"]
    assert gained["gain"] == pytest.approx(gained["value"] - rows["random", "2"]["value"])
    assert gained["gain_interval"][0] <= gained["gain"] <= gained["gain_interval"][1]
    assert result["pretraining"]["dira-barlow"]["steps"] == 2
    cells = sorted((tmp_path / "cells").iterdir())
    assert len(cells) == 8
    stamps = [cell.stat().st_mtime_ns for cell in cells]
    again = evaluate_transfer(blobs.listing, blobs.labels, tmp_path, request())
    assert [cell.stat().st_mtime_ns for cell in cells] == stamps
    assert again["rows"] == result["rows"]


def test_no_training_sees_a_tested_image(blobs: Blobs, tmp_path: Path) -> None:
    evaluate_transfer(blobs.listing, blobs.labels, tmp_path, request(seeds=1, labelled=("2",)))
    job = RunFolder(tmp_path / "pretrained" / "dira-barlow").read_job()
    seen = {entry["key"] for entry in job["inputs"]}
    hidden = {key for key in blobs.kinds if is_tested(key, 0.4)}
    assert seen
    assert hidden
    assert not seen & hidden
    assert seen | hidden == set(blobs.kinds)


def test_segmentation_goes_on_after_a_stop(blobs: Blobs, tmp_path: Path) -> None:
    asked = request(methods=("random",), seeds=2, labelled=("3",))
    stopped = []

    def stop(done: int, total: int, message: str) -> None:
        if done == 1 and "learning" in message:
            stopped.append(message)
            raise Cancelled

    with pytest.raises(Cancelled):
        evaluate_transfer(blobs.listing, blobs.masks, tmp_path, asked, progress=stop)
    assert stopped
    assert len(list((tmp_path / "cells").iterdir())) == 1
    result = evaluate_transfer(blobs.listing, blobs.masks, tmp_path, asked)
    assert result["metric"] == "Dice"
    assert result["tested"] + result["pool"] == 24  # those with a disc
    assert 0 <= result["rows"][0]["value"] <= 1


def test_a_changed_question_is_answered_anew(blobs: Blobs, tmp_path: Path) -> None:
    asked = {"methods": ("random",), "seeds": 1, "labelled": ("2",)}
    evaluate_transfer(blobs.listing, blobs.labels, tmp_path, request(**asked))
    evaluate_transfer(blobs.listing, blobs.labels, tmp_path, request(**asked, finetune_steps=4))
    assert len(list((tmp_path / "cells").iterdir())) == 2


def test_an_edited_mask_is_seen(blobs: Blobs, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    shutil.copytree(blobs.masks, masks)
    asked = request(methods=("random",), seeds=1, labelled=("2",))
    evaluate_transfer(blobs.listing, masks, tmp_path, asked)
    one = next(key for key, kind in blobs.kinds.items() if kind == "left")
    other = next(key for key, kind in blobs.kinds.items() if kind == "right")
    shutil.copy(blobs.masks / other, masks / one)
    evaluate_transfer(blobs.listing, masks, tmp_path, asked)
    assert len(list((tmp_path / "cells").iterdir())) == 2


def test_an_unfit_model_is_told_before_any_training(blobs: Blobs, tmp_path: Path) -> None:
    colour = Architecture.plain(in_channels=3, widths=(4, 8), out_stride=2, embedding_channels=4)
    card = ModelCard(
        architecture=colour,
        input=PrepareSettings(channels=3),
        embedding=EmbeddingInfo(channels=4, stride=2),
        data=DataInfo(n_images=1),
    )
    model = save_model(tmp_path / "colour", build_net(colour), card)
    with pytest.raises(ModelError, match=r"2-D images of 3 channel\(s\)"):
        evaluate_transfer(
            blobs.listing, blobs.labels, tmp_path / "o", request(models={"mine": str(model)})
        )
    assert not (tmp_path / "o" / "pretrained").exists()


def test_a_damaged_cell_is_done_again(blobs: Blobs, tmp_path: Path) -> None:
    asked = request(methods=("random",), seeds=1, labelled=("2",))
    first = evaluate_transfer(blobs.listing, blobs.labels, tmp_path, asked)
    cell = next((tmp_path / "cells").iterdir())
    cell.write_text(cell.read_text()[:40])
    again = evaluate_transfer(blobs.listing, blobs.labels, tmp_path, asked)
    assert again["rows"][0]["value"] == pytest.approx(first["rows"][0]["value"])
    json.loads(cell.read_text())


def test_a_model_of_ones_own_has_its_own_control(blobs: Blobs, tmp_path: Path) -> None:
    asked = request(methods=("random", "dira-barlow"), seeds=1, labelled=("2",))
    evaluate_transfer(blobs.listing, blobs.labels, tmp_path / "a", asked)
    model = tmp_path / "a" / "pretrained" / "dira-barlow"
    other = request(
        methods=("random",), models={"mine": str(model)}, seeds=1, labelled=("2",), width=8
    )
    result = evaluate_transfer(blobs.listing, blobs.labels, tmp_path / "b", other)
    methods = [row["method"] for row in result["rows"]]
    assert methods == ["random", "random (mine)", "mine"]
    assert result["rows"][2]["gain"] is not None


def test_all_recipes_share_a_net(blobs: Blobs, tmp_path: Path) -> None:
    asked = request(pretrain_steps=1)
    net = common_net(asked, 2)
    for name in ("ld", "ld+dira", "dira-moco:di"):
        start = pretrained_start(name, asked, blobs.prepared, tmp_path, lambda *_: None)
        assert same_shape(start.architecture, net)


def test_features_before_and_after(blobs: Blobs, tmp_path: Path) -> None:
    asked = request(seeds=1, labelled=("2",))
    result = evaluate_reuse(blobs.listing, blobs.labels, tmp_path, asked)
    assert [row["method"] for row in result["rows"]] == ["random", "dira-barlow"]
    for row in result["rows"]:
        assert len(row["levels"]) == len(row["strides"]) == 5
        assert all(0 < value <= 1.0001 for value in row["levels"])
        assert row["levels"][0] > 0.9  # three steps change little


def test_cka_knows_rotation_and_scale_but_not_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(400, 6, generator=generator)
    turn = torch.linalg.qr(torch.randn(6, 6, generator=generator))[0]
    assert linear_cka(features, 3 * features @ turn + 5) == pytest.approx(1, abs=1e-6)
    assert linear_cka(features, torch.randn(400, 6, generator=generator)) < 0.1
    a, b = features.double(), (features @ torch.diag(torch.arange(1.0, 7))).double()
    a, b = a - a.mean(0), b - b.mean(0)
    gram_a, gram_b = a @ a.T, b @ b.T  # the same by Gram matrices, as the definition has it
    wanted = (gram_a * gram_b).sum() / (gram_a.norm() * gram_b.norm())
    assert linear_cka(a, b) == pytest.approx(float(wanted))


def test_labelled_images_are_nested_and_balanced() -> None:
    strata = {"a": [f"a{i}" for i in range(20)], "b": [f"b{i}" for i in range(8)]}
    pool = [*strata["a"], *strata["b"][:6]]
    few, more = (draw_labelled(strata, amount, 4, pool) for amount in ("2", "5"))
    assert set(few) < set(more)
    assert sum(key.startswith("a") for key in more) == 5
    assert set(draw_labelled(strata, "all", 0, pool)) == set(pool)
    assert len(draw_labelled(strata, "25%", 0, pool)) == 5 + 2
    assert set(few) != set(draw_labelled(strata, "2", 5, pool))
    with pytest.raises(SettingsError, match="'b' has 6 labelled images to learn from, not 7"):
        draw_labelled(strata, "7", 0, pool)


def test_groups_stay_on_one_side(blobs: Blobs, tmp_path: Path) -> None:
    groups = {key: f"patient {int(key[1:3]) // 6}" for key in blobs.kinds}
    asked = request(methods=("random",), seeds=1, labelled=("1",), test_share=0.6)
    tested = {group: is_tested(group, 0.6) for group in set(groups.values())}
    assert set(tested.values()) == {True, False}
    result = evaluate_transfer(blobs.listing, blobs.labels, tmp_path, asked, groups=groups)
    assert result["tested"] == 6 * sum(tested.values())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"labelled": ("few",)}, "'few' is no number"),
        ({"methods": ("dira-moco:often",)}, "'often' is none of"),
        ({"pretrain_minutes": 1.0}, "not both"),
        ({"models": {"random": "x"}}, "give the model another name"),
        ({"seeds": 0}, "seeds"),
    ],
)
def test_impossible_requests(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        request(**values)


def test_too_few_labels_are_told(blobs: Blobs, tmp_path: Path) -> None:
    table = tmp_path / "one.csv"
    rows = [f"{key},{'rare' if key == 'p00.png' else 'common'}" for key in blobs.kinds]
    table.write_text("\n".join(["image,label", *rows]) + "\n")
    with pytest.raises(SettingsError, match="the class 'rare' has one image"):
        evaluate_transfer(blobs.listing, table, tmp_path / "o", request(methods=("random",)))
    table.write_text("image,label\np00.png,a\np01.png,b\np02.png,a\np03.png,b\n")
    with pytest.raises(SettingsError, match="of 4 labelled images are tested"):
        evaluate_transfer(blobs.listing, table, tmp_path / "o", request(methods=("random",)))
    with pytest.raises(FileRefusedError, match="holds no mask"):
        evaluate_transfer(blobs.listing, tmp_path, tmp_path / "o", request(methods=("random",)))


def test_the_test_set_follows_from_names_alone() -> None:
    names = [f"case_{number}" for number in range(400)]
    chosen = [name for name in names if is_tested(name, 0.4)]
    assert 130 < len(chosen) < 190
    assert chosen == [name for name in reversed(names) if is_tested(name, 0.4)][::-1]
    assert np.all([is_tested(name, 0.7) for name in chosen])
