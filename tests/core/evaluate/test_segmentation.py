"""Scores of masks, and which images are learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medssl.embed import EmbeddedCohort
from medssl.errors import SettingsError
from medssl.evaluate.segmentation.opening import open_start
from medssl.evaluate.segmentation.overlap import Overlap, overlap
from medssl.evaluate.segmentation.report import segmentation_report
from medssl.evaluate.segmentation.shots import draw_shots
from medssl.models import DataInfo, EmbeddingInfo, ModelCard, save_model
from medssl.nets import Architecture, build_net
from medssl.prepare import PrepareSettings
from medssl.transfer import MaskFiles


def square(first: int, side: int) -> np.ndarray:
    mask = np.zeros((40, 40), bool)
    mask[first : first + side, 10:20] = True
    return mask


def test_overlap_is_that_of_its_definition() -> None:
    truth, found = square(10, 10), square(14, 10)
    dice, iou, away = overlap(found, truth, (0.5, 2.0))
    assert dice == pytest.approx(2 * 60 / 200)
    assert iou == pytest.approx(60 / 140)
    assert away == pytest.approx(4 * 0.5, abs=0.01)
    assert overlap(found, truth, None).hd95_mm is None
    assert overlap(truth, truth, (1, 1)) == Overlap(1, 1, 0)


def test_empty_masks_have_no_distance() -> None:
    nothing = np.zeros((40, 40), bool)
    assert overlap(square(3, 5), nothing, (1, 1)) == Overlap(None, None, None)
    assert overlap(nothing, square(3, 5), (1, 1)) == Overlap(0, 0, None)


def test_means_leave_out_what_is_not_known() -> None:
    rows = [
        {"image": name, "structure": structure, "dice": dice, "iou": dice, "hd95_mm": away,
         "confidence": trust}
        for name, structure, dice, away, trust in (
            ("a", "x", 0.4, 3.0, 0.1), ("b", "x", 0.8, None, 0.2), ("c", "x", 0.9, 5.0, 0.3),
            ("a", "y", 0.5, None, 0.4), ("b", "y", None, None, 0.9),
        )
    ]  # fmt: skip
    report = segmentation_report(rows, ("x", "y"))
    assert report["per_structure"]["x"]["n"] == 3
    assert report["per_structure"]["x"]["dice"] == pytest.approx(0.7)
    assert report["per_structure"]["x"]["hd95_mm"] == pytest.approx(4.0)
    assert report["per_structure"]["y"]["hd95_mm"] is None
    assert report["dice"] == pytest.approx(0.6)
    assert report["confidence_spearman"] == pytest.approx(1.0)


def test_fewer_shots_are_a_part_of_more_and_groups_stay_apart(
    embedded: EmbeddedCohort, disc_masks: MaskFiles
) -> None:
    cases = embedded.prepared.cases
    groups = {case.key: str(number // 2) for number, case in enumerate(cases)}
    drawn = []
    for count in (1, 2, 3):
        shots, scored = draw_shots(cases, disc_masks, count, 5, groups)
        assert len({groups[shot.key] for shot in shots}) == count
        assert not {groups[shot.key] for shot in shots} & {groups[one.key] for one in scored}
        assert len(scored) == len(cases) - 2 * count
        drawn.append([shot.key for shot in shots])
    assert drawn[2][:2] == drawn[1]
    assert drawn[1][:1] == drawn[0]
    with pytest.raises(SettingsError, match="5 cannot be learned from"):
        draw_shots(cases, disc_masks, 5, 5, groups)


def test_random_weights_in_the_net_of_a_model(tmp_path: Path) -> None:
    net = Architecture.plain(2, widths=(4, 8, 8), embedding_channels=6)
    card = ModelCard(
        architecture=net,
        input=PrepareSettings(longest_side=48),
        embedding=EmbeddingInfo(channels=6, stride=net.out_stride),
        data=DataInfo(n_images=8),
    )
    model = save_model(tmp_path / "net", build_net(net), card)
    known, unlearned = open_start(str(model), 2), open_start(f"random:{model}", 2)
    assert known.net is not None
    assert unlearned.net is None
    assert (unlearned.architecture, unlearned.input) == (net, card.input)
