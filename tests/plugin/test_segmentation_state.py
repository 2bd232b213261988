"""What the Segmentation dock holds, without a window: volumes, corrections, the job, bad input."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Inline
from PIL import Image as Pillow

from medssl.cohort import Cohort
from medssl.errors import MedsslError, StorageError
from medssl.evaluate.scores import dice
from medssl.io import Image, write_image
from medssl.jobs import read_request, run_job
from medssl.phantom import make_volume
from medssl.prepare import ArrayCache
from medssl.runs import RunFolder
from napari_medssl.layers import Display
from napari_medssl.segmenting import Segmenter, learning
from napari_medssl.segmenting.engine import CoreSegmentEngine
from napari_medssl.segmenting.organs import History, Organ, Organs, keep_organs, recall_organs
from napari_medssl.segmenting.slices import Slice, with_slice
from napari_medssl.session import Status
from tests.core.segment.discs import SIDE, write_discs

ORGAN = "organ 1"
IMAGES = 5


@dataclass
class Threads:
    """Every task runs at once."""

    disk: Any = field(default_factory=Inline)
    importing: Any = field(default_factory=Inline)
    display: Any = field(default_factory=Inline)
    work: Any = field(default_factory=Inline)
    quick: Any = field(default_factory=Inline)
    learning: Any = field(default_factory=Inline)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ArrayCache:
    return ArrayCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def new_state(cache: ArrayCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("MEDSSL_CACHE", str(tmp_path / "cache"))

    def make() -> Segmenter:
        made = Segmenter(CoreSegmentEngine(cache), Threads())
        made.set_showing(True)
        return made

    return make


@pytest.fixture
def state(new_state: Any, tmp_path: Path) -> Segmenter:
    made = new_state()
    made.open_images(write_discs(tmp_path, IMAGES)[0])
    made.count = 24
    made.find_structures()
    return made


@pytest.fixture
def said(state: Segmenter) -> list[Status]:
    heard: list[Status] = []
    state.status_changed.connect(heard.append)
    return heard


def truth(state: Segmenter, key: str) -> np.ndarray:
    from medssl.io.reading import read_image

    folder = state.path.parent / "masks"
    return read_image(folder / key).array > 0


def pick(state: Segmenter, mask: np.ndarray) -> None:
    """Pick all clusters that lie in a mask of the current image, as clicks would."""
    from medssl.prepare.maps import to_working

    shown, grid = state.map
    inside = to_working(mask[None], state.grid, grid)[0] > 0.5
    state.set_level(state.tree.count)
    for cluster in np.unique(shown):
        if inside[shown == cluster].mean() > 0.5:
            state.put_in(int(cluster))


def stored(state: Segmenter, kind: str = "effective") -> dict[str, Any]:
    with Cohort.open(state.path) as cohort:
        return {one.case_key: one for one in cohort.segmentations(name=ORGAN, kind=kind)}


# --- organs


def test_an_organ_takes_clusters_from_another_and_undo_gives_them_back() -> None:
    history = History()
    history.change(history.now.put_in({1, 2, 3}))
    history.change(history.now.add("heart"))
    history.change(history.now.put_in({3, 4}))
    assert [sorted(organ.members) for organ in history.now.every] == [[1, 2], [3, 4]]
    assert history.undo()
    assert history.now.organ(ORGAN).members == {1, 2, 3}
    assert history.redo()
    assert history.now.current == Organ("heart", frozenset({3, 4}))
    assert not history.change(history.now.take_out({99}))


def test_organs_get_free_names_and_one_always_stays() -> None:
    organs = Organs().add().add()
    assert organs.names == ("organ 1", "organ 2", "organ 3")
    organs = organs.select("organ 2").remove().add()
    assert len(set(organs.names)) == 3
    for _ in range(4):
        organs = organs.remove()
    assert organs.names == ("organ 1",)


def test_organs_are_kept_and_damaged_ones_are_said(tmp_path: Path) -> None:
    organs = Organs().put_in({4}).add("heart").put_in({2})
    keep_organs(tmp_path, organs)
    assert recall_organs(tmp_path) == organs
    (tmp_path / "organs.json").write_text('{"organs": [', encoding="utf-8")
    with pytest.raises(StorageError, match=r"organs\.json.*damaged.*Delete it"):
        recall_organs(tmp_path)


# --- the cohort


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


def test_another_model_forgets_structures_but_no_mask(state: Segmenter) -> None:
    pick(state, truth(state, state.key))
    state.segment_all()
    state.set_model(state.path / "no such model")
    assert state.tree is None
    assert not state.can_segment
    assert len(stored(state)) == IMAGES


# --- corrections


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


# --- volumes


def test_volumes_of_any_orientation(new_state: Any, tmp_path: Path) -> None:
    from medssl.geometry import Grid
    from medssl.prepare.maps import to_source

    folder = tmp_path / "bodies"
    folder.mkdir()
    for seed in range(3):
        image = make_volume(seed, 40).image
        affine = np.diag([-1.2, 1.0, 1.5, 1.0])
        grid = Grid.from_affine(image.grid.shape, affine)
        write_image(Image(image.array, grid, "zyx"), folder / f"v{seed}.nii.gz")
    state = new_state()
    state.open_images(folder)
    state.count = 12
    state.find_structures()
    shown, grid = state.map
    middle = tuple(side // 2 for side in grid.shape)
    state.set_level(2)
    state.put_in(int(shown[middle]))
    mask = state.masks[ORGAN].mask
    union = np.isin(shown, list(state.organs.current.members)).astype(np.float32)
    assert dice(mask, to_source(union[None], grid, state.grid)[0] > 0.5) > 0.85
    display = Display.of(state.grid)
    where = Slice(display, 0, 20)
    drawn = np.full(mask.shape, -1, np.int8)
    plane = display.show(drawn)[20]
    plane[5:9, 5:9] = 1
    heard: list[str] = []
    state.learned.connect(heard.append)
    state.stroke(ORGAN, np.where(drawn >= 0, drawn == 1, mask), drawn, where)
    assert heard == [ORGAN, ORGAN], "first the slice, then the volume"
    assert display.show(state.masks[ORGAN].mask)[20, 5:9, 5:9].all()
    state.segment_all()
    assert len(stored(state, "predicted")) == 3


def test_a_slice_changes_nothing_else_and_lies_where_the_volume_says(
    state: Segmenter, new_state: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    write_image(make_volume(0, 40).image, folder / "v.nrrd")
    volume = new_state()
    volume.open_images(folder)
    volume.count = 8
    volume.find_structures()
    volume.put_in(int(volume.map[0][20, 20, 20]))
    engine, mask = volume._engine, volume.masks[ORGAN].mask
    drawn = np.where(mask, 1, 0).astype(np.int8)
    from napari_medssl.segmenting.contract import Lesson

    engine.teach({"v.nrrd": Lesson(drawn)})
    display = Display.of(volume.grid)
    where = Slice(display, 0, 18)
    found = with_slice(
        np.zeros_like(mask), where, engine.taught_slice("v.nrrd", 0, where.point_world)
    )
    shown = display.show(found)
    assert shown[18].any()
    assert not np.delete(shown, 18, 0).any()
    whole = display.show(engine.taught("v.nrrd"))
    assert dice(shown[18], whole[18]) > 0.75


# --- the job


@pytest.fixture
def corrected(state: Segmenter) -> Segmenter:
    state.set_teaching(False)
    for key in ("d00.png", "d01.png"):
        state.go_to(key)
        mask = truth(state, key)
        state.stroke(ORGAN, mask, mask.astype(np.int8))
    return state


def finish(run: Path, keys: list[str], learned: list[str], masks: dict[str, np.ndarray]) -> None:
    """Write what the job would write."""
    from medssl.geometry import Grid

    for key in keys:
        array = masks[key].astype(np.uint8)
        write_image(Image(array, Grid.create(array.shape), "yx"), run / "predicted" / key)
    lines = [f"{key},{ORGAN},1,9,px,{int(key in learned)}" for key in keys]
    head = "image,structure,value,size,unit,learned_from"
    (run / "predicted.csv").write_text("\n".join([head, *lines]), encoding="utf-8")
    RunFolder(run).state("done")


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
    corrected.learn()
    (request,) = asked
    assert (request.model, request.labelled, dict(request.structures)) == (
        "random", "all", {ORGAN: ("organ",)},
    )  # fmt: skip
    assert not corrected.learning
    assert said[-1].kind == "done", said[-1].text
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

    monkeypatch.setattr(learning, "follow_job", follow)
    corrected.learn()
    assert told == [True]
