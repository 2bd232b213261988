"""The net of a job: it segments all images until a person teaches the organ something newer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medssl.cohort import Cohort
from medssl.errors import Cancelled, MedsslError, ModelError
from medssl.evaluate.scores import dice
from medssl.jobs import read_request, run_job
from medssl.jobs.requests import write_request
from medssl.prepare import ArrayCache
from medssl.runs import RunFolder
from medssl.segment.learned import open_learned
from napari_medssl.segmenting import Segmenter
from napari_medssl.segmenting.engine import CoreSegmentEngine
from napari_medssl.session import Status
from tests.core.segment.discs import write_discs
from tests.plugin.segmenting.states import (
    IMAGES,
    ORGAN,
    Later,
    Threads,
    finish,
    pick,
    stored,
    truth,
)

STEPS = 60


@pytest.fixture
def short_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run at once, really, for some steps of small batches."""

    def start(run: Path) -> int:
        request: Any = read_request(run)
        values = {"steps": STEPS, "batch": 4, "largest_crop": 96}
        if request.verb == "shape":
            values = {
                "steps": 4, "refine_steps": 4, "batch": 1, "crop": 32, "longest_side": 96,
            }  # fmt: skip
        settings = request.settings.model_copy(update=values)
        write_request(RunFolder(run), request.model_copy(update={"settings": settings}))
        run_job(run)
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)


def mask_in(state: Segmenter, key: str) -> np.ndarray:
    with Cohort.open(state.path) as cohort:
        return cohort.read_segmentation(stored(state, "predicted")[key]).layers[0] > 0


def test_the_net_goes_on_and_after_reopening_it_finds_the_organ_in_new_images(
    corrected: Segmenter, new_state: Any, said: list[Status], short_jobs: None
) -> None:
    corrected.learn()
    assert said[-1].kind == "done", said[-1].text
    assert corrected.organs.current.by == "net"
    masks = {key: mask_in(corrected, key) for key in ("d02.png", "d03.png")}
    run = stored(corrected, "predicted")["d02.png"].model

    images = corrected.path.parent / "images"
    more = write_discs(corrected.path.parent / "more", IMAGES + 2)
    for name in ("d05.png", "d06.png"):
        (more[0] / name).rename(images / name)
        (more[1] / name).rename(images.parent / "masks" / name)
    later = new_state()
    later.open_images(corrected.where)
    assert len(later.cases) == IMAGES + 2
    assert later.organs.current.by == "net"
    later.segment_all()
    found = stored(later, "predicted")
    assert set(found) == {case.key for case in later.cases}
    assert {one.model for one in found.values()} == {run}
    for key in ("d05.png", "d06.png"):
        assert dice(mask_in(later, key), truth(later, key)) > 0.7
        assert 0.3 < found[key].confidence <= 1
    for key, mask in masks.items():
        np.testing.assert_array_equal(mask_in(later, key), mask)
    assert set(stored(later, "human")) == {"d00.png", "d01.png"}


def test_the_net_of_the_shape_job_segments_as_its_job_did(
    state: Segmenter, said: list[Status], short_jobs: None
) -> None:
    state.learn_shape(state.path.parent / "masks")
    assert said[-1].kind == "done", said[-1].text
    assert state.organs.current.by == "net"
    before = {key: mask_in(state, key) for key in ("d00.png", "d03.png")}
    sure = {key: one.confidence for key, one in stored(state, "predicted").items()}
    assert max(sure.values()) < 0.95, "a net that has hardly learned is not sure"
    state.segment_all()
    assert said[-1].kind == "done", said[-1].text
    for key, mask in before.items():
        np.testing.assert_array_equal(mask_in(state, key), mask)
        assert stored(state, "predicted")[key].confidence == pytest.approx(sure[key], abs=2e-3)


@pytest.fixture
def learned(corrected: Segmenter, monkeypatch: pytest.MonkeyPatch) -> Segmenter:
    """An organ that a job has learned, which says what the truth is."""
    keys = [case.key for case in corrected.cases]

    def start(run: Path) -> int:
        finish(run, keys, keys[:2], {key: truth(corrected, key) for key in keys})
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    pick(corrected, truth(corrected, corrected.key))
    corrected.learn()
    assert corrected.organs.current.by == "net"
    return corrected


def test_what_is_picked_later_is_newer_than_the_net_until_it_is_undone(learned: Segmenter) -> None:
    learned.go_to("d03.png")
    shown = learned.masks[ORGAN].mask
    learned.put_in(int(learned.map[0][2, 2]))
    assert learned.organs.current.by == "structures"
    assert (learned.masks[ORGAN].mask != shown).any()
    learned.undo()
    assert learned.organs.current.by == "net"
    np.testing.assert_array_equal(learned.masks[ORGAN].mask, shown)


def test_another_organ_changes_nothing_of_the_one_that_the_net_learned(learned: Segmenter) -> None:
    learned.go_to("d03.png")
    shown = learned.masks[ORGAN]
    learned.add_organ()
    for cluster in np.unique(learned.map[0]):
        learned.put_in(int(cluster))
    assert learned.organs.current.by == "structures"
    assert learned.organs.organ(ORGAN).by == "net"
    assert learned.masks[ORGAN] is shown


def test_strokes_are_newer_than_the_net_until_all_are_taken_back(learned: Segmenter) -> None:
    learned.go_to("d03.png")
    mask = learned.masks[ORGAN].mask
    drawn = np.full(mask.shape, -1, np.int8)
    drawn[2:6, 20:40] = 1
    learned.set_teaching(True)
    learned.stroke(ORGAN, np.where(drawn >= 0, drawn == 1, mask), drawn)
    assert learned.organs.current.by == "strokes"
    learned.undo()
    assert learned.organs.current.by == "strokes", "undoing a pick loses no stroke"
    learned.redo()
    learned.take_back(ORGAN, mask, np.full(mask.shape, -1, np.int8))
    assert learned.organs.current.by == "strokes", "strokes in other images are left"


def test_a_net_outlives_the_strokes_that_taught_it(
    state: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [case.key for case in state.cases]

    def start(run: Path) -> int:
        finish(run, keys, keys[:1], {key: truth(state, key) for key in keys})
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    mask = truth(state, state.key)
    state.stroke(ORGAN, mask, mask.astype(np.int8))
    assert state.organs.current.by == "strokes"
    state.learn()
    state.take_back(ORGAN, mask, np.full(mask.shape, -1, np.int8))
    assert state.organs.current.by == "net"
    assert state.can_segment


def test_a_lesson_while_the_job_runs_is_newer_than_its_net(
    corrected: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [case.key for case in corrected.cases]

    def start(run: Path) -> int:
        finish(run, keys, keys[:2], {key: truth(corrected, key) for key in keys})
        pick(corrected, truth(corrected, corrected.key))
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    corrected.learn()
    assert corrected.organs.current.by == "structures"


@pytest.mark.parametrize("end", [Cancelled(), MedsslError("the net is out of memory")])
def test_the_masks_of_a_net_are_stored_as_they_come(
    state: Segmenter, said: list[Status], end: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    class Net:
        input = state._engine._ready().embedder.settings

        def share(self, case: Any) -> np.ndarray:
            seen.append(len(stored(state, "predicted")))
            if seen == [0, 1, 2, 3, 4]:
                raise end
            mask = truth(state, case.key)
            if len(seen) == 1:
                mask = np.zeros_like(mask)
                mask[:9, :9] = True
            return np.where(mask, 0.9, 0.0)

    monkeypatch.setattr("medssl.segment.learned.open_learned", lambda *_: Net())
    state._history.note_net(ORGAN, "run")
    state.segment_all()
    assert seen == [0, 1, 2, 3, 4]
    assert said[-1].text.startswith("Stopped" if isinstance(end, Cancelled) else str(end))
    sure = [one.confidence for _, one in sorted(stored(state, "predicted").items())]
    assert len(sure) == IMAGES - 1
    assert sure[0] < 0.5 < max(sure[1:]), "a size that is none of this cohort"


def test_a_net_that_is_gone_is_said_and_structures_lead_on(
    learned: Segmenter, said: list[Status]
) -> None:
    learned.segment_all()
    assert said[-1].kind == "error"
    assert "there is no fine-tuned net in it" in said[-1].text
    learned.put_in(int(learned.map[0][2, 2]))
    learned.segment_all()
    assert said[-1].kind == "done", said[-1].text


def test_without_structures_the_net_leads_on_and_its_masks_are_seen(
    cache: ArrayCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Later()
    state = Segmenter(CoreSegmentEngine(cache), Threads(disk=disk))
    state.open_images(write_discs(tmp_path, IMAGES)[0])
    disk.run()
    keys = [case.key for case in state.cases]
    assert not state.offers_segmenting

    def start(run: Path) -> int:
        finish(run, keys, [], {key: truth(state, key) for key in keys})
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    state.learn_shape(tmp_path / "masks")
    disk.run()
    assert state.offers_segmenting
    assert state.can_segment
    for key in keys[1:3]:
        state.go_to(key)
        disk.run()
        np.testing.assert_array_equal(state.masks[ORGAN].mask, truth(state, key))


def test_a_folder_without_a_net_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no fine-tuned net"):
        open_learned(tmp_path / "moved away")
