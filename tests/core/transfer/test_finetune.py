"""Fine-tuning learns what the labels say, stays repeatable, and comes back from disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from medssl.errors import Cancelled, ModelError, SettingsError, StorageError
from medssl.evaluate.scores import auc, dice
from medssl.io import read_image
from medssl.nets import Architecture, build_net
from medssl.segment.learned import open_learned
from medssl.transfer import (
    FinetunedCard,
    FinetuneSettings,
    TrainedSegmenter,
    find_masks,
    finetune_classifier,
    finetune_segmenter,
    load_trained,
    open_base,
    read_labels,
    save_trained,
    write_classes,
    write_masks,
)
from medssl.transfer.base import RANDOM
from medssl.transfer.nets import Segmenter
from medssl.transfer.segment import overlap_loss

from .blobs import Blobs, write_blobs
from .conftest import Films, quick

NET = Architecture.plain(widths=(8, 16, 16), out_stride=2, embedding_channels=8)


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return write_blobs(tmp_path_factory.mktemp("blobs"))


def card(names: tuple[str, ...], **values: object) -> FinetunedCard:
    known = {
        "task": "classify", "exclusive": True, "canvas": (32, 32), "base": {}, "transferred": 0,
        "settings": quick(), "learned_from": 1, "seconds": 1.0, "architecture": NET,
    }  # fmt: skip
    return FinetunedCard(names=names, **(known | values))


def test_classes_are_learned_and_come_back_from_disk(blobs: Blobs, tmp_path: Path) -> None:
    labels = read_labels(blobs.labels, blobs.listing.sources)
    cases = blobs.prepared.cases
    learned, others = cases[:18], cases[18:]
    targets = [labels.targets[case.key] for case in learned]
    trained = finetune_classifier(learned, targets, True, NET, None, quick(steps=60))
    found = trained.predict(others)
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    truth = np.stack([labels.targets[case.key] for case in others]) > 0
    assert np.nanmean(auc(found, truth)) > 0.9
    settings = blobs.prepared.settings
    save_trained(tmp_path / "net", trained, card(labels.names, input=settings))
    again, known = load_trained(tmp_path / "net", "cpu")
    assert known.names == labels.names
    assert np.array_equal(again.predict(others), found)
    with pytest.raises(StorageError, match="not replaced"):
        save_trained(tmp_path / "net", trained, known)
    path = write_classes(tmp_path / "p.csv", others, found, labels.names, True, [others[0].key])
    lines = path.read_text().splitlines()
    assert lines[0] == "image,predicted,learned_from,p_left,p_none,p_right"
    assert lines[1].startswith(f"{others[0].key},")
    assert lines[1].split(",")[2] == "1"
    assert len(lines) == len(others) + 1


def test_findings_are_learned(blobs: Blobs) -> None:
    cases = blobs.prepared.cases
    targets = [[blobs.kinds[c.key] != "none", blobs.kinds[c.key] == "left"] for c in cases]
    trained = finetune_classifier(cases, targets, False, NET, None, quick(steps=60))
    assert float(np.mean(auc(trained.predict(cases), np.array(targets)))) > 0.9


def test_masks_are_learned_and_written_on_the_images_grids(blobs: Blobs, tmp_path: Path) -> None:
    cases = [case for case in blobs.prepared.cases if blobs.kinds[case.key] != "none"]
    masks = find_masks(blobs.masks, cases)
    trained = finetune_segmenter(cases[:10], masks, NET, None, quick(steps=80))
    scores = [dice(trained.predict(case)[0] > 0.5, masks.read(case)[0]) for case in cases[10:]]
    assert np.mean(scores) > 0.7
    table = write_masks(tmp_path, cases[10:], trained, masks.names)
    lines = table.read_text().splitlines()
    assert lines[0] == "image,structure,value,size,unit,learned_from"
    written = read_image(tmp_path / "predicted" / cases[10].name)
    assert written.array.shape == cases[10].source_grid.shape
    size = float(lines[1].split(",")[3])
    assert size == (written.array == 1).sum() > 0


def test_images_of_one_stem_do_not_share_a_file(blobs: Blobs, tmp_path: Path) -> None:
    first, second = blobs.prepared.cases[:2]
    twins = [replace(first, key="sub/a.png"), replace(second, key="sub/a.jpg")]
    trained = TrainedSegmenter(Segmenter(NET, 1).eval(), (32, 32))
    write_masks(tmp_path, [*twins, replace(first, key="b.png")], trained, ("disc",))
    written = {path.relative_to(tmp_path / "predicted") for path in tmp_path.rglob("*.png")}
    assert written == {Path("sub/a.png.png"), Path("sub/a.jpg.png"), Path("b.png")}


def test_volumes(trunks: Films) -> None:
    cases = trunks.prepared.cases
    net = Architecture.plain(ndim=3, widths=(4, 8), out_stride=2, embedding_channels=4)
    masks = find_masks(trunks.folder.masks, cases)
    settings = quick(steps=3, batch=2, largest_crop=16)
    trained = finetune_segmenter(cases[:2], masks, net, None, settings)
    assert trained.canvas == (16, 16, 16)
    assert trained.predict(cases[3]).shape == (len(masks.names), *cases[3].source_grid.shape)


def test_tiles_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch, blobs: Blobs) -> None:
    case = blobs.prepared.cases[0]
    masks = find_masks(blobs.masks, blobs.prepared.cases)
    trained = finetune_segmenter([case], masks, NET, None, quick(steps=2))
    large = torch.rand(1, 1, 96, 96)
    whole = trained.probabilities(large)
    monkeypatch.setattr("medssl.transfer.segment._TILE", {2: 64, 3: 96})
    monkeypatch.setattr("medssl.transfer.segment._HALO", {2: 24, 3: 24})
    assert torch.allclose(trained.probabilities(large), whole, atol=1e-2)


def test_norms_settle_where_some_are_new(blobs: Blobs) -> None:
    cases = [case for case in blobs.prepared.cases if blobs.kinds[case.key] != "none"][:6]
    masks = find_masks(blobs.masks, cases)

    base = build_net(NET)

    def norms(pretrained: bool, settle: int, coarse: bool = False) -> tuple[Tensor, Tensor]:
        """Return the statistics of the encoder's first norm and of the decoder's last."""
        settings = quick(steps=3, settle=settle, coarse=coarse)
        net = finetune_segmenter(cases, masks, NET, base if pretrained else None, settings).net
        found = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        assert all(norm.momentum is not None for norm in found)
        return found[0].running_var, found[-1].running_var

    moving, settled = norms(False, 0), norms(False, 4)
    # After three steps the moving mean is still for the greater part the 1 that it began with.
    assert all((1 - one).abs().max() < 0.5 for one in moving)
    assert all(one.min() < 0.5 for one in settled)
    for one, other in zip(norms(True, 4), norms(True, 0), strict=True):
        assert not torch.equal(one, other)
    # Cells alone have no new norm: all know the cohort, and keep what they know.
    for one, other in zip(norms(True, 4, coarse=True), norms(True, 0, coarse=True), strict=True):
        assert torch.equal(one, other)


def test_pictures_are_worked_at_a_size_of_their_own_and_volumes_are_not() -> None:
    base = open_base(RANDOM, 2)
    assert base.worked_at(None) is base
    assert base.worked_at(512).input.longest_side == 512
    with pytest.raises(SettingsError, match="leave out the side"):
        open_base(RANDOM, 3).worked_at(512)


def test_images_are_brought_to_the_nets_device(monkeypatch: pytest.MonkeyPatch) -> None:
    # The only other device that every machine has knows no automatic precision.
    monkeypatch.setattr("medssl.transfer.segment.run_net", lambda net, images: net(images))
    trained = TrainedSegmenter(Segmenter(NET, 1).eval().to("meta"), (32, 32))
    assert trained.probabilities(torch.zeros(1, 1, 32, 32)).device.type == "meta"


def test_the_same_seed_gives_the_same_net(blobs: Blobs) -> None:
    cases = blobs.prepared.cases[:6]
    targets = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    one, same, other = (
        finetune_classifier(cases, targets, True, NET, None, quick(steps=3, seed=seed))
        for seed in (1, 1, 2)
    )
    assert one.losses == same.losses
    assert one.losses != other.losses


def test_pretrained_weights_change_the_beginning_only(blobs: Blobs) -> None:
    cases = blobs.prepared.cases[:6]
    targets = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    torch.manual_seed(7)
    pretrained = build_net(NET)
    before = {name: value.clone() for name, value in pretrained.state_dict().items()}
    trained = finetune_classifier(cases, targets, True, NET, pretrained, quick(steps=3))
    plain = finetune_classifier(cases, targets, True, NET, None, quick(steps=3))
    assert trained.losses != plain.losses
    assert all(torch.equal(before[k], v) for k, v in pretrained.state_dict().items())


def test_it_can_be_cancelled(blobs: Blobs) -> None:
    def stop(done: int, total: int, message: str) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        finetune_classifier(
            blobs.prepared.cases[:3], np.eye(3), True, NET, None, quick(), progress=stop
        )


def test_a_rate_far_too_high_is_told(blobs: Blobs) -> None:
    cases = blobs.prepared.cases[:3]
    settings = quick(lr=1e30, steps=20, weight_decay=0.0)
    with pytest.raises(SettingsError, match="Take a lower learning rate"):
        finetune_classifier(cases, np.eye(3), True, NET, None, settings)


def test_unknown_masks_carry_no_loss() -> None:
    logits = torch.randn(2, 2, 4, 4, requires_grad=True)
    wanted = torch.zeros(2, 2, 4, 4)
    known = torch.tensor([[True, False], [True, True]])
    overlap_loss(logits, wanted, known).backward()
    assert not logits.grad[0, 1].any()
    assert logits.grad[0, 0].any()
    perfect = torch.where(torch.rand(1, 1, 8, 8) > 0.5, 1.0, 0.0)
    assert overlap_loss(perfect * 100 - 50, perfect, torch.ones(1, 1).bool()) < 1e-4


def test_damaged_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no fine-tuned net"):
        load_trained(tmp_path)
    (tmp_path / "finetuned.json").write_text("{}")
    with pytest.raises(ModelError, match="the card is damaged"):
        load_trained(tmp_path)


def test_presets() -> None:
    quick_, paper = FinetuneSettings.preset("quick"), FinetuneSettings.preset("paper", ndim=3)
    assert paper.steps > quick_.steps
    assert paper.frozen_share == 0.5
    assert FinetuneSettings.preset(upright=False).affine.flip_axes == (-1,)


def test_only_a_net_of_one_structure_segments_an_organ(blobs: Blobs, tmp_path: Path) -> None:
    known = {"task": "segment", "exclusive": False, "input": blobs.prepared.settings}
    for names in (("disc",), ("disc", "ring")):
        net = TrainedSegmenter(Segmenter(NET, len(names)).eval(), (32, 32))
        save_trained(tmp_path / str(len(names)), net, card(names, **known))
    assert open_learned(tmp_path / "1", "cpu").share(blobs.prepared.cases[0]).ndim == 2
    with pytest.raises(ModelError, match="tells disc, ring; a net that segments one structure"):
        open_learned(tmp_path / "2", "cpu")
