"""Refining a cohort as a job: what it writes, what it never touches, and stopping it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medssl.cohort import Cohort, Point
from medssl.cohort.adding import add_images
from medssl.errors import Cancelled, SettingsError
from medssl.io import read_landmarks_csv
from medssl.jobs import RefineRequest, create_job, read_request, run_job
from medssl.landmarks.refine import RefineSettings
from medssl.phantom import write_cohort
from medssl.runs import RunFolder, list_runs, read_status

NAMES = ("carina", "aortic_knob")
QUICK = RefineSettings(steps=3, heads=1, width=8, features=8, cells=64)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of four phantoms with one image clicked and one corrected."""
    folder = tmp_path_factory.mktemp("refine")
    made = write_cohort(folder / "films", 4, size=64)
    truth = {(row.image, row.landmark): row.point_vox for row in read_landmarks_csv(made.landmarks)}
    with Cohort.create(folder / "chest") as cohort:
        add_images(cohort, [made.images])
        first, second, *_ = [case.key for case in cohort.cases()]
        for name in NAMES:
            cohort.add_landmark(name)
            cohort.set_point(first, name, truth[first, name], None, "manual")
        cohort.set_point(second, NAMES[0], (9, 9), None, "predicted", 0.2, "instant")
        cohort.set_point(second, NAMES[0], truth[second, NAMES[0]], None, "corrected")
        cohort.add_landmark("never clicked")
        return cohort.path


@pytest.fixture
def chest(ready: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ready, tmp_path / "chest.medssl"))


def refine(folder: Path, **values: object) -> Path:
    values.setdefault("settings", QUICK)
    run = create_job(RefineRequest(cohort=str(folder), threads=1, **values))  # type: ignore[arg-type]
    run_job(run)
    return run


def points(folder: Path, kind: str) -> list[Point]:
    with Cohort.open(folder) as cohort:
        return cohort.points(kind=kind)  # type: ignore[arg-type]


def without_time(found: list[Point]) -> list[Point]:
    return [one._replace(time="") for one in found]


def test_predictions_are_written_with_the_models_name_and_people_keep_theirs(chest: Path) -> None:
    human = points(chest, "human")
    run = refine(chest)
    assert read_status(run).state == "done"
    assert points(chest, "human") == human
    found = points(chest, "predicted")
    taken = {(p.case_key, p.landmark) for p in human}
    fresh = [p for p in found if p.model == "instant refined"]
    assert {p.landmark for p in fresh} == set(NAMES)
    assert not {(p.case_key, p.landmark) for p in fresh} & taken
    assert len(fresh) == 4 * len(NAMES) - len(taken)
    with Cohort.open(chest) as cohort:
        (done,) = cohort.runs()
        assert (done.verb, done.model, done.results) == ("refine", "instant refined", len(fresh))
        assert done.settings["steps"] == QUICK.steps
        assert [one.confidence for one in cohort.corrections()] == [0.2]
        assert cohort.next_undo() == "add landmark never clicked"
    (listed,) = list_runs(run.parent)
    assert (listed.verb, listed.method, listed.images) == ("refine", "instant", 4)


def test_the_same_seed_gives_the_same_points_bit_for_bit(chest: Path) -> None:
    refine(chest)
    first = without_time(points(chest, "predicted"))
    refine(chest)
    assert without_time(points(chest, "predicted")) == first
    refine(chest, settings=QUICK.model_copy(update={"seed": 1}))
    assert without_time(points(chest, "predicted")) != first


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(NAMES),
            st.tuples(st.floats(0, 63), st.floats(0, 63)),
            st.sampled_from(("manual", "corrected", "predicted")),
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_a_persons_point_is_never_replaced(
    ready: Path, tmp_path_factory: pytest.TempPathFactory,
    actions: list[tuple[int, str, tuple[float, float], str]], back: bool,
) -> None:  # fmt: skip
    folder = Path(shutil.copytree(ready, tmp_path_factory.mktemp("any") / "chest.medssl"))
    with Cohort.open(folder) as cohort:
        keys = [case.key for case in cohort.cases()]
        for case, name, place, source in actions:
            cohort.set_point(keys[case], name, place, None, source)  # type: ignore[arg-type]
        if back:
            cohort.undo()
    human, undoable = points(folder, "human"), Cohort.open(folder).next_undo()
    refine(folder)
    assert points(folder, "human") == human
    with Cohort.open(folder) as cohort:
        assert cohort.next_undo() == undoable
        effective = {(p.case_key, p.landmark): p for p in cohort.points()}
    assert all(effective[p.case_key, p.landmark] == p for p in human)


def test_what_a_person_sets_meanwhile_counts(chest: Path) -> None:
    """A click in the viewer while the job works is neither replaced nor given a prediction."""
    run = create_job(RefineRequest(cohort=str(chest), settings=QUICK, threads=1))
    key = points(chest, "human")[-1].case_key
    with Cohort.open(chest) as viewer:
        last = viewer.cases()[-1].key
        clicked = []

        def progress(done: int, total: int, message: str) -> None:
            if message.startswith("Training") and not clicked:
                viewer.set_point(last, NAMES[0], (5, 5), None, "manual")
                clicked.append(last)

        run_job(run, progress)
        assert clicked
        assert [p.point_vox for p in viewer.points(last, NAMES[0], "human")] == [(5, 5)]
        assert viewer.points(last, NAMES[0], "predicted") == []
        assert key != last


def test_a_stop_leaves_the_cohort_as_it_was_and_the_run_goes_on_later(chest: Path) -> None:
    run = create_job(RefineRequest(cohort=str(chest), settings=QUICK, threads=1))
    before = points(chest, "all")

    def stop(done: int, total: int, message: str) -> None:
        if message.startswith("Training"):
            raise Cancelled

    with pytest.raises(Cancelled):
        run_job(run, stop)
    assert read_status(run).state == "stopped"
    assert points(chest, "all") == before
    run_job(run)
    assert read_status(run).state == "done"
    assert len(points(chest, "predicted")) > 1
    assert any(event["kind"] == "progress" for event in RunFolder(run).events())


def test_only_the_landmarks_asked_for(chest: Path) -> None:
    refine(chest, landmarks=(NAMES[1],))
    fresh = [p for p in points(chest, "predicted") if p.model == "instant refined"]
    assert {p.landmark for p in fresh} == {NAMES[1]}
    with pytest.raises(SettingsError, match="nobody has set never clicked"):
        refine(chest, landmarks=("never clicked",))


def test_the_request_is_read_back_with_an_absolute_path(
    chest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(chest.parent)
    run = create_job(RefineRequest(cohort=chest.name, settings=QUICK))
    request = read_request(run)
    assert isinstance(request, RefineRequest)
    assert (request.cohort, request.settings) == (str(chest), QUICK)
