"""Segmenting a cohort: one image, the order of the review, names, another model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medssl.cohort import Cohort
from medssl.errors import Cancelled
from napari_medssl.segmenting import Segmenter
from napari_medssl.session import Status
from tests.core.segment.discs import write_discs
from tests.plugin.segmenting.states import IMAGES, ORGAN, pick, stored, truth


def test_one_image_alone_is_segmented(new_state: Any, tmp_path: Path) -> None:
    state = new_state()
    state.open_images(write_discs(tmp_path, 1)[0])
    state.count = 12
    state.find_structures()
    state.put_in(int(state.map[0][128, 128]))
    state.segment_all()
    assert len(stored(state)) == 1


def test_the_least_sure_comes_first_and_next_to_check_opens_it(state: Segmenter) -> None:
    pick(state, truth(state, state.key))
    state.segment_all()
    sure = [one.confidence for one in state.review()]
    assert len(sure) == IMAGES
    assert sure == sorted(sure)
    with Cohort.open(state.path) as cohort:
        least = min(cohort.overview(), key=lambda case: case.confidence)
    assert state.review()[0].case_key == least.key


def test_a_name_that_masks_are_stored_under_is_kept(state: Segmenter, said: list[Status]) -> None:
    state.rename_organ("disc")
    assert state.organs.names == ("disc",)
    pick(state, truth(state, state.key))
    state.segment_all()
    state.rename_organ("other")
    assert state.organs.names == ("disc",)
    assert "keeps its name" in said[-1].text


def test_structures_found_anew_begin_organs_anew(state: Segmenter, new_state: Any) -> None:
    pick(state, truth(state, state.key))
    members = state.organs.current.members
    again = new_state()
    again.open_images(state.where)
    assert again.organs.current.members == members
    np.testing.assert_array_equal(again.masks[ORGAN].mask, state.masks[ORGAN].mask)
    state.count = 12
    state.find_structures()
    assert not state.organs.current.members
    assert ORGAN not in state.masks


def test_images_that_come_later_get_the_structures_that_were_found(
    state: Segmenter, tmp_path: Path
) -> None:
    pick(state, truth(state, state.key))
    members, level = state.organs.current.members, state.level
    more = write_discs(tmp_path / "more", IMAGES + 1)
    (more[0] / "d05.png").rename(tmp_path / "images" / "d05.png")
    state.import_images([tmp_path / "images"])
    assert len(state.cases) == IMAGES + 1
    assert (state.organs.current.members, state.level) == (members, level)
    state.segment_all()
    assert "d05.png" in stored(state, "predicted")


def cancel(*_: Any) -> None:
    raise Cancelled


@pytest.fixture
def left_out(state: Segmenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Segmenter:
    """A cohort in which the preparation of an image that came later was cancelled."""
    pick(state, truth(state, state.key))
    more = write_discs(tmp_path / "more", IMAGES + 1)
    (more[0] / "d05.png").rename(tmp_path / "images" / "d05.png")
    with monkeypatch.context() as patch:
        patch.setattr(state._engine, "get_ready", cancel)
        state.import_images([tmp_path / "images"])
    assert len(state.cases) == IMAGES + 1
    assert "d05.png" not in state.ready.grids
    return state


def test_images_left_out_by_a_cancel_are_tried_again_at_the_next_import(
    left_out: Segmenter, tmp_path: Path
) -> None:
    members = left_out.organs.current.members
    left_out.import_images([tmp_path / "images"])
    assert "d05.png" in left_out.ready.grids
    assert left_out.organs.current.members == members
    left_out.segment_all()
    assert "d05.png" in stored(left_out, "predicted")


def test_structures_found_anew_take_in_the_images_left_out_by_a_cancel(
    left_out: Segmenter,
) -> None:
    left_out.find_structures()
    assert "d05.png" in left_out.ready.grids


def test_structures_lead_on_when_finding_them_anew_is_cancelled(
    left_out: Segmenter, said: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(left_out._engine, "cluster", cancel)
        left_out.find_structures()
    left_out.segment_all()
    assert said[-1].kind == "done", said[-1].text
    assert len(stored(left_out, "predicted")) == IMAGES + 1


def test_another_model_forgets_structures_but_no_mask(state: Segmenter) -> None:
    pick(state, truth(state, state.key))
    state.segment_all()
    state.set_model(state.path / "no such model")
    assert state.tree is None
    assert not state.can_segment
    assert len(stored(state)) == IMAGES
