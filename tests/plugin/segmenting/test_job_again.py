"""The job that is found again, compared, or ends while another cohort is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medssl.errors import Cancelled, MedsslError
from medssl.jobs import read_request
from napari_medssl.segmenting import Segmenter, following, learn_job
from napari_medssl.session import Status
from tests.core.segment.discs import SIDE, write_discs
from tests.plugin.segmenting.states import IMAGES, ORGAN, Later, finish, pick, stored, truth


@pytest.fixture
def runs(corrected: Segmenter, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Jobs that are done at once: the first net is right, one that begins with nothing is not."""
    keys = [case.key for case in corrected.cases]
    right = {key: truth(corrected, key) for key in keys}
    begun: list[Path] = []

    def start(run: Path) -> int:
        wrong = dict.fromkeys(keys, np.ones((SIDE, SIDE)))
        finish(run, keys, keys[:1], wrong if begun else right)
        begun.append(run)
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    return begun


@pytest.fixture
def compared(corrected: Segmenter, monkeypatch: pytest.MonkeyPatch) -> Segmenter:
    """Structures are found everywhere, and the next job shall be compared."""
    pick(corrected, truth(corrected, corrected.key))
    corrected.segment_all()
    monkeypatch.setattr(type(corrected), "_recall", lambda _: None)
    corrected.set_model(corrected.path / "net")
    corrected.set_compare(True)
    return corrected


def sureness(state: Segmenter) -> dict[str, float]:
    return {key: one.confidence for key, one in stored(state, "predicted").items()}


def close(*_: Any, **values: Any) -> None:
    """As if the window closed."""
    raise Cancelled


def test_masks_are_taken_in_once_though_the_window_closes_during_the_comparison(
    compared: Segmenter, new_state: Any, runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = following.follow_job

    def closes_later(run: Path, *rest: Any) -> None:
        (close if run != runs[0] else follow)(run, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(following, "follow_job", closes_later)
        compared.learn()
    sure = sureness(compared)
    assert min(sure.values()) < 0.9, "structures had found something else"
    segmented = {one.model for one in stored(compared, "predicted").values()}
    assert segmented == {runs[0].name}

    monkeypatch.setattr(following, "take_in", None)
    later = new_state()
    later.open_images(compared.where)
    assert sureness(later) == sure
    assert not (later.path / "clusters" / "job.json").exists()


def test_masks_that_are_stored_are_not_compared_with_themselves(
    compared: Segmenter, new_state: Any, runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared.set_compare(False)
    store, left = learn_job.store_mask, [3]

    def closes_midway(*arguments: Any, **values: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Cancelled
        store(*arguments, **values)

    with monkeypatch.context() as patch:
        patch.setattr(learn_job, "store_mask", closes_midway)
        compared.learn()
    sure = {
        key: one.confidence
        for key, one in stored(compared, "predicted").items()
        if one.model == runs[0].name
    }
    assert len(sure) == 3
    later = new_state()
    later.open_images(compared.where)
    again = sureness(later)
    assert {key: again[key] for key in sure} == sure
    assert {one.model for one in stored(later, "predicted").values()} == {runs[0].name}


def test_a_comparison_that_fails_leaves_the_first_net(
    compared: Segmenter, runs: list[Path], said: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = following.follow_job
    seen = []

    def fails_later(run: Path, *rest: Any) -> None:
        if run != runs[0]:
            seen.append(compared.organs.current.net)
            raise MedsslError("the disk is full")
        follow(run, *rest)

    monkeypatch.setattr(following, "follow_job", fails_later)
    compared.learn()
    assert seen == [str(runs[0])], "the first net is there while the second one learns"
    assert (compared.organs.current.by, compared.organs.current.net) == ("net", str(runs[0]))
    shown = compared.masks[ORGAN].mask
    np.testing.assert_array_equal(shown, truth(compared, compared.key))
    assert said[-1].kind == "done"
    assert said[-1].text.endswith("saved · not compared: the disk is full")
    assert not compared.learning
    assert not (compared.path / "clusters" / "job.json").exists()


def test_masks_of_a_job_that_fails_on_the_way_are_seen(
    compared: Segmenter, runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared.set_compare(False)
    compared.go_to("d03.png")

    def fails(*arguments: Any) -> str:
        learn_job.take_in(*arguments)
        raise MedsslError("the disk is full")

    monkeypatch.setattr(following, "take_in", fails)
    compared.learn()
    np.testing.assert_array_equal(compared.masks[ORGAN].mask, truth(compared, "d03.png"))


def test_the_net_belongs_to_its_own_cohort_though_another_one_is_open_as_the_job_ends(
    corrected: Segmenter, new_state: Any, runs: list[Path], tmp_path: Path
) -> None:
    first, learner = corrected.where, Later()
    corrected.learner = learner
    corrected.learn()
    corrected.open_images(write_discs(tmp_path / "other", IMAGES)[0])
    corrected.find_structures()
    corrected.put_in(int(corrected.map[0][48, 48]))
    assert corrected.organs.current.name == ORGAN, "every cohort begins with it"
    learner.run()
    assert corrected.organs.current.net == ""
    corrected.rename_organ("heart")
    assert corrected.organs.names == ("heart",)

    later = new_state()
    later.open_images(first)
    assert (later.organs.current.by, later.organs.current.net) == ("net", str(runs[0]))
    later.open_images(corrected.where)
    assert (later.organs.current.by, later.organs.current.net) == ("structures", "")


def test_an_organ_of_another_cohort_may_be_renamed_while_its_namesake_is_learned(
    corrected: Segmenter, runs: list[Path], tmp_path: Path
) -> None:
    corrected.learner = Later()
    corrected.learn()
    corrected.open_images(write_discs(tmp_path / "other", IMAGES)[0])
    corrected.rename_organ("heart")
    assert corrected.organs.names == ("heart",)


def test_the_net_is_noted_before_the_window_hears_of_it(
    corrected: Segmenter, new_state: Any, runs: list[Path]
) -> None:
    class Closed(Later):
        """Runs the task, and the window closes before it hears of its end."""

        def submit(self, task: Any, done: Any, failed: Any) -> None:
            task(lambda *_: None)

    corrected.learner = Closed()
    corrected.learn()
    later = new_state()
    later.open_images(corrected.where)
    assert (later.organs.current.by, later.organs.current.net) == ("net", str(runs[0]))
    assert not (later.path / "clusters" / "job.json").exists()


def test_a_comparison_found_again_compares_like_with_like(
    compared: Segmenter, new_state: Any, runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared.upright = False
    heard: list[Status] = []
    with monkeypatch.context() as patch:
        patch.setattr(learn_job, "store_mask", close)
        compared.learn()
    later = new_state()
    later.status_changed.connect(heard.append)
    for key in ("d02.png", "d03.png", "d04.png"):  # wrongly, after the first job had begun
        compared.go_to(key)
        compared.stroke(ORGAN, ~truth(compared, key), np.ones((SIDE, SIDE), np.int8))
    later.open_images(compared.where)
    first, second = map(read_request, runs)
    assert second == first.model_copy(update={"model": "random"})
    (words,) = [one.text for one in heard if "kept back" in one.text]
    assert "Dice on images kept back: 1.00, from random 0." in words
