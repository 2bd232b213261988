"""The job: what it is given, what it gives, and how it ends."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from medssl.errors import Cancelled, MedsslError
from medssl.jobs import read_request, run_job
from medssl.runs import RunFolder
from medssl.transfer import FinetuneSettings
from napari_medssl.segmenting import Segmenter, following, learning
from napari_medssl.session import Status
from tests.core.segment.discs import SIDE, write_discs
from tests.plugin.segmenting.states import IMAGES, ORGAN, finish, stored, truth


def test_the_job_is_given_the_painted_masks_and_its_own_are_stored(
    corrected: Segmenter, said: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [case.key for case in corrected.cases]
    asked = []

    def start(run: Path) -> int:
        request = read_request(run)
        asked.append(request)
        assert sorted(p.name for p in Path(request.masks).iterdir()) == [
            "d00__organ.png", "d01__organ.png",
        ]  # fmt: skip
        finish(run, keys, keys[:2], {key: truth(corrected, key) for key in keys})
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    human = stored(corrected, "human")
    assert corrected.can_learn
    corrected.upright = False
    corrected.learn()
    (request,) = asked
    assert (request.model, request.labelled, dict(request.structures)) == (
        "random", "all", {ORGAN: ("organ",)},
    )  # fmt: skip
    assert request.settings == FinetuneSettings.few_labels(2, upright=False)
    assert not corrected.learning
    assert said[-1].kind == "done", said[-1].text
    assert said[-1].text == f"{ORGAN} learned: 5 images · 3 high, 0 to check, 2 painted · saved"
    assert len(stored(corrected, "predicted")) == len(keys)
    assert stored(corrected, "human") == human


def test_a_comparison_keeps_images_back_and_says_both(
    corrected: Segmenter, said: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [case.key for case in corrected.cases]
    asked = []

    def start(run: Path) -> int:
        request = read_request(run)
        asked.append((Path(request.model).name, request.labelled))
        good = request.model != "random"
        masks = {key: truth(corrected, key) if good else np.ones((SIDE, SIDE)) for key in keys}
        finish(run, keys, keys[:1], masks)
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    monkeypatch.setattr(type(corrected), "_recall", lambda _: None)
    corrected.set_model(corrected.path / "net")
    corrected.set_compare(True)
    assert corrected.can_compare
    corrected.learn()
    assert asked == [("net", "1"), ("random", "1")]
    assert "Dice on images kept back: 1.00, from random 0." in said[-1].text


def test_masks_of_others_find_the_organ_where_nobody_painted_anything(
    state: Segmenter, said: list[Status], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [case.key for case in state.cases]
    asked = []

    def start(run: Path) -> int:
        asked.append(read_request(run))
        finish(run, keys, [], {key: truth(state, key) for key in keys})
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    assert state.can_learn_shape
    state.learn_shape(tmp_path / "masks")
    (request,) = asked
    assert (request.verb, request.prior) == ("shape", str(tmp_path / "masks"))
    assert len(request.images) > 0
    assert said[-1].kind == "done", said[-1].text
    assert len(stored(state, "predicted")) == len(keys)


def test_a_photograph_for_a_mask_is_refused_by_the_real_job(
    state: Segmenter, said: list[Status], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shapes"
    photograph = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    folder.mkdir()
    Pillow.fromarray(photograph).save(folder / "photograph.png")

    def start(run: Path) -> int:
        with contextlib.suppress(MedsslError):
            run_job(run)
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    state.learn_shape(folder)
    assert said[-1].kind == "error"
    assert "photograph.png" in said[-1].text
    assert not stored(state, "predicted")
    assert state.can_learn_shape


def test_a_job_that_failed_says_why(
    corrected: Segmenter, said: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(run: Path) -> int:
        RunFolder(run).event("error", message="the disk is full", remedy="Free some.")
        RunFolder(run).state("failed")
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    corrected.learn()
    assert said[-1] == Status("error", "the disk is full. Free some.")
    assert corrected.can_learn


def test_a_job_is_stopped_when_a_person_asks(
    corrected: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(learning, "start_learning", lambda _: corrected.path)

    def follow(run: Path, progress: Any, asked: Any, verb: str) -> None:
        corrected.stop()
        told.append(asked())
        raise MedsslError(f"{run} {progress} {verb}")

    monkeypatch.setattr(following, "follow_job", follow)
    corrected.learn()
    assert told == [True]


def test_a_job_that_was_at_work_when_the_window_closed_is_found_again(
    corrected: Segmenter, new_state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [case.key for case in corrected.cases]
    runs: list[Path] = []

    def start(run: Path) -> int:
        runs.append(run)
        return 1

    def close(*_: Any) -> None:
        raise Cancelled

    monkeypatch.setattr("medssl.runs.start_job", start)
    with monkeypatch.context() as patch:
        patch.setattr(following, "follow_job", close)
        corrected.learn()
    assert not stored(corrected, "predicted")
    finish(runs[0], keys, keys[:2], {key: truth(corrected, key) for key in keys})

    later = new_state()
    later.open_images(corrected.where)
    assert len(stored(later, "predicted")) == len(keys)
    assert (later.organs.current.by, later.organs.current.net) == ("net", str(runs[0]))
    assert not (later.path / "clusters" / "job.json").exists(), "it is taken in once"


def test_a_job_that_is_stopped_from_outside_is_let_go(
    corrected: Segmenter, new_state: Any, said: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(run: Path) -> int:
        RunFolder(run).state("stopped")
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    corrected.learn()
    assert said[-1] == Status("info", "Stopped. What was finished is kept.")
    later = new_state()
    heard: list[Status] = []
    later.status_changed.connect(heard.append)
    later.open_images(corrected.where)
    assert not any("Learning" in one.text for one in heard)


def test_a_comparison_that_is_stopped_from_outside_leaves_what_was_learned(
    corrected: Segmenter, said: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [case.key for case in corrected.cases]

    def start(run: Path) -> int:
        if read_request(run).model == "random":
            RunFolder(run).state("stopped")
        else:
            finish(run, keys, keys[:1], {key: truth(corrected, key) for key in keys})
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    monkeypatch.setattr(type(corrected), "_recall", lambda _: None)
    corrected.set_model(corrected.path / "net")
    corrected.set_compare(True)
    corrected.learn()
    assert said[-1].kind == "done"
    assert said[-1].text.endswith("saved · not compared")
    assert not (corrected.path / "clusters" / "job.json").exists()


def test_what_is_taught_before_closing_is_newer_than_the_job_found_again(
    corrected: Segmenter, new_state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [case.key for case in corrected.cases]
    runs: list[Path] = []

    def start(run: Path) -> int:
        runs.append(run)
        return 1

    def close(*_: Any) -> None:
        corrected.put_in(int(corrected.map[0][48, 48]))
        raise Cancelled

    monkeypatch.setattr("medssl.runs.start_job", start)
    with monkeypatch.context() as patch:
        patch.setattr(following, "follow_job", close)
        corrected.learn()
    finish(runs[0], keys, keys[:2], {key: truth(corrected, key) for key in keys})
    later = new_state()
    later.open_images(corrected.where)
    assert len(stored(later, "predicted")) == len(keys)
    assert later.organs.current.by == "structures"


def test_an_organ_that_is_being_learned_keeps_its_name(
    state: Segmenter, said: list[Status], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(run: Path) -> int:
        state.rename_organ("lungs")
        RunFolder(run).state("stopped")
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    state.learn_shape(tmp_path / "masks")
    assert state.organs.names == (ORGAN,)
    assert any("keeps its name" in one.text for one in said)
    state.rename_organ("lungs")
    assert state.organs.names == ("lungs",)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        '{"organ": "organ 1", "run": null}',
        '{"organ": "organ 1", "run": ""}',
        '{"organ": "", "run": "."}',
        '{"organ": 3, "run": "."}',
        '{"organ": "organ 1", "run": ".", "compare": "no"}',
        '{"organ": "organ 1", "run": ".", "other": null}',
    ],
)
def test_a_damaged_note_of_a_job_is_said(text: str, new_state: Any, tmp_path: Path) -> None:
    state = new_state()
    images = write_discs(tmp_path, IMAGES)[0]
    state.open_images(images)
    folder = state.path / "clusters"
    folder.mkdir()
    (folder / "job.json").write_text(text, encoding="utf-8")
    later = new_state()
    heard: list[Status] = []
    later.status_changed.connect(heard.append)
    later.open_images(images)
    assert any("job.json" in one.text and "Delete this file" in one.text for one in heard)
    assert len(later.cases) == IMAGES
    assert not later.learning
