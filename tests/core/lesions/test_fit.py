"""A fit tells images apart, its maps point at what was never outlined, and it comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medssl.errors import Cancelled, ModelError, SettingsError
from medssl.evaluate.scores import auc
from medssl.lesions import (
    METHODS,
    FittedLesions,
    LesionLabels,
    RegionSettings,
    fit_lesions,
    on_source,
    open_lesion_base,
)
from medssl.lesions.inputs import as_inputs
from medssl.lesions.run import fit_into
from medssl.lesions.settings import HeadSettings
from medssl.lesions.storage import CARD_NAME, load_lesion_model
from medssl.lesions.writing import write_findings
from medssl.nets import Architecture
from medssl.prepare import PreparedCohort
from medssl.progress import silent
from medssl.transfer import find_masks
from tests.core.transfer.blobs import Blobs

from .conftest import Balls, quick, small_base


@pytest.fixture(scope="module")
def fitted(blobs: Blobs, labels: LesionLabels) -> FittedLesions:
    known = labels.only([case.key for case in blobs.prepared.cases[:24]])
    return fit_lesions(blobs.prepared.cases, known, small_base(), quick())


def test_maps_point_at_what_was_never_outlined(blobs: Blobs, fitted: FittedLesions) -> None:
    others = blobs.prepared.cases[24:]
    masks = find_masks(blobs.masks, others)
    found = [fitted.model.find(case) for case in others]
    lesion = np.array([blobs.kinds[case.key] != "none" for case in others])
    scores = np.array([one.probabilities for one in found])
    assert auc(scores[:, :1], lesion[:, None])[0] > 0.9
    hits = []
    for case, one, there in zip(others, found, lesion, strict=True):
        if there:
            values = on_source(one.maps, case)[0]
            hits.append(bool(masks.read(case)[0].flat[values.argmax()]))
    assert np.mean(hits) >= 0.75


def test_answers_are_calibrated_on_what_was_held_out(fitted: FittedLesions) -> None:
    assert set(fitted.folds.tolist()) == {0, 1}
    assert fitted.held_out.shape == (24, 3)
    assert ((fitted.held_out > 0) & (fitted.held_out < 1)).all()
    assert len(fitted.model.members) == len(fitted.steps) == 2


@pytest.mark.parametrize("method", METHODS)
def test_a_map_reaches_the_images_probability(
    blobs: Blobs, fitted: FittedLesions, method: str
) -> None:
    case = blobs.prepared.cases[0]
    found = fitted.model.find(case, method)
    assert found.maps.shape == found.spread.shape == (3, *case.grid.shape)
    assert np.allclose(found.maps.max((1, 2)), found.probabilities, atol=1e-4)
    assert found.maps.min() >= 0
    assert found.spread.min() >= 0
    assert found.spread.max() > 0


def test_what_learned_is_repeatable_and_comes_back(
    blobs: Blobs, labels: LesionLabels, tmp_path: Path
) -> None:
    few = labels.only([case.key for case in blobs.prepared.cases[:12]])
    settings = quick(steps=4)
    card, first = fit_into(tmp_path, blobs.prepared, few, small_base(), settings, silent)
    again = fit_lesions(blobs.prepared.cases, few, small_base(), settings)
    assert np.array_equal(first.held_out, again.held_out)
    model, known = load_lesion_model(tmp_path, "cpu")
    assert known == card
    assert card.learned_from == {"left": 4, "none": 4, "right": 4}
    case = blobs.prepared.cases[20]
    mine, theirs = model.find(case), first.model.find(case)
    assert np.allclose(mine.probabilities, theirs.probabilities, atol=1e-6)
    assert np.allclose(mine.maps, theirs.maps, atol=1e-4)
    lines = (tmp_path / "lesions" / "scores.csv").read_text().splitlines()
    assert lines[0] == "image,p_lesion,p_left,p_right,uncertainty,label,held_out_by_net"
    assert len(lines) == len(blobs.kinds) + 1
    assert lines[1].endswith((",left,1", ",left,2"))
    assert lines[-1].endswith(",,–")
    (tmp_path / "lesions" / CARD_NAME).write_text("{")
    with pytest.raises(ModelError, match="the card is damaged"):
        load_lesion_model(tmp_path)
    with pytest.raises(ModelError, match="there is no classifier of lesions"):
        load_lesion_model(tmp_path / "nowhere")


def test_a_fit_is_stopped_where_it_answers_worse(
    blobs: Blobs, labels: LesionLabels, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = iter([3.0, 2.0, 2.5, 2.6, *([9.0] * 20)])
    monkeypatch.setattr("medssl.lesions.learning.held_out_loss", lambda *_: next(values))
    few = labels.only([case.key for case in blobs.prepared.cases[:12]])
    hasty = quick(steps=24, checks=12, patience=2)
    fitted = fit_lesions(blobs.prepared.cases, few, small_base(), hasty)
    assert fitted.steps[0] == 4
    assert next(values) == 9.0


def test_a_fit_can_be_stopped(blobs: Blobs, labels: LesionLabels) -> None:
    def progress(done: int, total: int, message: str) -> None:
        assert total == 80
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit_lesions(blobs.prepared.cases, labels, small_base(), quick(), progress)


def test_too_few_images_are_refused(blobs: Blobs, labels: LesionLabels) -> None:
    two = labels.only(["p00.png", "p01.png"])
    with pytest.raises(SettingsError, match="1 of the labelled images show a lesion and 1 do not"):
        fit_lesions(blobs.prepared.cases, two, small_base(), quick())
    together = replace(
        labels.only([f"p{number:02d}.png" for number in range(9)]),
        groups={f"p{number:02d}.png": "one" for number in (1, 4, 7)},
    )
    with pytest.raises(SettingsError, match="belong to one group"):
        fit_lesions(blobs.prepared.cases, together, small_base(), quick(steps=2))


def test_a_blank_image_teaches_nothing_and_has_an_empty_map(
    blobs: Blobs, labels: LesionLabels, tmp_path: Path
) -> None:
    from medssl.geometry import Grid
    from medssl.io import Image, list_images, write_image
    from medssl.prepare import ArrayCache, prepare_cohort

    (tmp_path / "images").mkdir()
    black = Image(np.zeros((32, 32), np.uint8), Grid.create((32, 32)), "yx")
    write_image(black, tmp_path / "images" / "black.png")
    settings = small_base().input
    (blank,) = prepare_cohort(
        list_images(tmp_path / "images"), settings, ArrayCache(tmp_path / "cache")
    ).cases
    known = replace(
        labels,
        targets=labels.targets | {"black.png": np.array([0, 0, 0], np.float32)},
        kinds=labels.kinds | {"black.png": "normal"},
    )
    cases = (*blobs.prepared.cases[:9], blank)
    known = known.only([case.key for case in cases])
    fitted = fit_lesions(cases, known, small_base(), quick(steps=2))
    assert "black.png" not in fitted.keys
    assert "not learned from: black.png" in fitted.notes[0]
    found = fitted.model.find(blank)
    assert found.maps.max() == found.spread.max() == 0


def test_findings_are_written_on_the_images_grids(
    blobs: Blobs, fitted: FittedLesions, tmp_path: Path
) -> None:
    from medssl.io import read_image

    cases = blobs.prepared.cases[24:30]
    settings = RegionSettings(threshold=0.5, least_probability=0.0)
    told = write_findings(tmp_path, cases, fitted.model, "layercam", settings)
    assert told["regions"] >= 4
    lines = (tmp_path / "regions.csv").read_text().splitlines()
    assert lines[0] == "image,region,score,mean,size,unit,peak_x,peak_y,x0,y0,x1,y1"
    name, value, *rest = lines[1].split(",")
    written = read_image(tmp_path / "regions" / name).array
    assert (written == int(value)).sum() == int(float(rest[2]))
    x0, y0, x1, y1 = map(int, rest[-4:])
    rows, columns = np.nonzero(written == int(value))
    assert (x0, y0, x1, y1) == (columns.min(), rows.min(), columns.max(), rows.max())
    stem = name.removesuffix(".png")
    assert {path.name for path in (tmp_path / "maps").glob(f"{stem}*")} == {
        f"{stem}__lesion.png", f"{stem}__left.png", f"{stem}__right.png",
    }  # fmt: skip
    assert "not for diagnosis" in (tmp_path / "README.txt").read_text()


@pytest.mark.parametrize("pooling", ["average", "attention"])
def test_other_poolings_learn_too(blobs: Blobs, labels: LesionLabels, pooling: str) -> None:
    known = labels.only([case.key for case in blobs.prepared.cases[:24]])
    settings = quick(head=HeadSettings(stride=4, pooling=pooling))
    fitted = fit_lesions(blobs.prepared.cases, known, small_base(), settings)
    truth = labels.stacked(fitted.keys) > 0
    assert auc(fitted.held_out, truth)[0] > 0.8
    if pooling == "average":
        with pytest.raises(SettingsError, match="there is none"):
            fitted.model.find(blobs.prepared.cases[0], "attention")


def pointing(balls: Balls, prepared: PreparedCohort, fitted: FittedLesions) -> float:
    cases = [case for case in prepared.cases if fitted_kind(balls, case.key) == "ball"]
    masks = find_masks(balls.masks, cases)
    hits = []
    for case in cases:
        values = on_source(fitted.model.find(case).maps, case)[0]
        hits.append(bool(masks.read(case)[0].flat[values.argmax()]))
    return float(np.mean(hits))


def fitted_kind(balls: Balls, key: str) -> str:
    lines = dict(line.split(",") for line in balls.labels.read_text().split()[1:])
    return lines[key]


@pytest.mark.parametrize("sliced", [False, True])
def test_volumes_whole_and_slice_by_slice(balls: Balls, tmp_path: Path, sliced: bool) -> None:
    from medssl.lesions import read_lesion_labels

    labels = read_lesion_labels(balls.labels, balls.listing.sources)
    base = open_lesion_base("random", 3, sliced)
    base = replace(
        base,
        architecture=Architecture.plain(
            2 if sliced else 3, widths=(8, 16), out_stride=2, embedding_channels=8
        ),
    )
    settings = quick(steps=30, head=HeadSettings(stride=2))
    learning = settings.learning.model_copy(update={"batch": 6})
    settings = settings.model_copy(update={"learning": learning})
    fitted = fit_lesions(balls.prepared.cases, labels, base, settings)
    assert pointing(balls, balls.prepared, fitted) >= 0.7
    case = balls.prepared.cases[0]
    found = fitted.model.find(case)
    assert found.maps.shape == (1, *case.grid.shape)
    (given,) = as_inputs([case], sliced)
    if not sliced:
        assert found.slices is None
        return
    assert given.source_slices() == list(range(6))
    probabilities, weights = found.slices
    assert probabilities.shape == (1, 6)
    assert weights.sum() == pytest.approx(1, abs=1e-4)
    write_findings(tmp_path, [case], fitted.model, "layercam", RegionSettings())
    lines = (tmp_path / "slices.csv").read_text().splitlines()
    assert lines[0] == "image,slice,weight,p_lesion"
    assert [line.split(",")[1] for line in lines[1:]] == list("012345")
