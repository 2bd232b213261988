"""Correcting: what a person paints is stored, wins, and teaches."""

from __future__ import annotations

from typing import Any

import numpy as np

from medssl.cohort import Cohort
from medssl.evaluate.scores import dice
from napari_medssl.segmenting import Segmenter
from tests.plugin.segmenting.states import IMAGES, ORGAN, pick, stored, truth


def test_a_stroke_is_stored_wins_and_teaches(state: Segmenter) -> None:
    mask = truth(state, state.key)
    pick(state, mask)
    found = state.masks[ORGAN].mask
    drawn = np.full(mask.shape, -1, np.int8)
    drawn[10:14, 40:60] = 1  # outside of any disc: the person is right all the same
    drawn[44:52, 44:52] = 0
    painted = np.where(drawn >= 0, drawn == 1, found)
    state.stroke(ORGAN, painted, drawn)
    (one,) = stored(state, "human").values()
    with Cohort.open(state.path) as cohort:
        kept = cohort.read_segmentation(one).layers[0] > 0
    assert kept[10:14, 40:60].all()
    assert not kept[44:52, 44:52].any()
    assert ORGAN in state.taught


def test_a_mask_that_a_person_painted_is_never_replaced(state: Segmenter) -> None:
    mask = truth(state, state.key)
    pick(state, mask)
    state.set_teaching(False)
    drawn = np.where(mask, 1, -1).astype(np.int8)
    state.stroke(ORGAN, mask, drawn)
    before = stored(state, "human")[state.key].fingerprint
    state.segment_all()
    assert stored(state, "human")[state.key].fingerprint == before
    assert stored(state)[state.key].source == "corrected"
    assert len(stored(state, "predicted")) == IMAGES


def test_corrections_of_an_earlier_session_teach_too(state: Segmenter, new_state: Any) -> None:
    first = state.key
    mask = truth(state, first)
    state.set_teaching(False)
    state.stroke(ORGAN, mask, mask.astype(np.int8))
    later = new_state()
    later.open_images(state.where)
    later.go_to("d02.png")
    there = truth(later, "d02.png")
    drawn = np.full(there.shape, -1, np.int8)
    drawn[there] = 1
    drawn[:8] = 0
    later.stroke(ORGAN, there, drawn)
    later.segment_all()
    scores = []
    with Cohort.open(later.path) as cohort:
        for key, record in stored(later, "predicted").items():
            if key not in (first, "d02.png"):
                found = cohort.read_segmentation(record).layers[0] > 0
                scores.append(dice(found, truth(later, key)))
    assert np.mean(scores) > 0.6


def test_taking_all_strokes_back_leaves_what_was_found(state: Segmenter) -> None:
    pick(state, truth(state, state.key))
    found = state.masks[ORGAN].mask
    drawn = np.full(found.shape, -1, np.int8)
    state.set_teaching(False)
    state.stroke(ORGAN, ~found, np.where(found, 0, 1).astype(np.int8))
    assert stored(state, "human")
    state.take_back(ORGAN, found, drawn)
    assert not stored(state, "human")
    np.testing.assert_array_equal(state.masks[ORGAN].mask, found)


def test_erasing_where_nothing_is_teaches_and_stores_nothing(state: Segmenter) -> None:
    said: list[str] = []
    state.status_changed.connect(lambda status: said.append(status.text))
    mask = truth(state, state.key)
    state.find_structures()
    drawn = np.where(mask, -1, 0).astype(np.int8)
    state.stroke(ORGAN, np.zeros_like(mask), drawn)
    assert not stored(state)
    assert "erase beside it" in said[-1]
    drawn[mask] = 1
    state.stroke(ORGAN, mask, drawn)
    assert stored(state, "human")[state.key].source == "corrected"
    state.segment_all()
    others = [key for key in stored(state, "predicted") if key != state.key]
    assert len(others) == IMAGES - 1
