"""Whatever is done in whatever order: people's points are safe, and undo is exact."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medssl.cohort import Cohort, LandmarkRecord, Point
from medssl.errors import SettingsError
from medssl.geometry import Grid

CASES = ("a", "b")
NAMES = ("carina", "apex", "hilum")
HumanState = tuple[list[LandmarkRecord], list[Point]]

case_keys = st.sampled_from(CASES)
names = st.sampled_from(NAMES)
places = st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
human_actions = st.one_of(
    st.tuples(st.just("set"), case_keys, names, places, st.sampled_from(("manual", "corrected"))),
    st.tuples(st.just("delete"), case_keys, names),
    st.tuples(st.just("add"), names),
    st.tuples(st.just("remove"), names),
    st.tuples(st.just("rename"), names, names),
)
predictions = st.one_of(
    st.tuples(st.just("set"), case_keys, names, places, st.just("predicted")),
    st.tuples(st.just("forget"), case_keys, names),
    st.tuples(st.just("clear"), names),
)
steps = st.one_of(st.tuples(st.just("undo")), st.tuples(st.just("redo")))
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _new(folder: str) -> Cohort:
    cohort = Cohort.create(Path(folder) / "c")
    for key in CASES:
        cohort.add_case(key, f"/{key}", key, Grid.create((10, 10)))
    for name in NAMES[:2]:
        cohort.add_landmark(name)
    return cohort


def _do(cohort: Cohort, action: tuple[Any, ...]) -> bool:
    """Do it; False where the cohort refused it."""
    verb, *values = action
    try:
        if verb == "set":
            case, name, place, source = values
            cohort.set_point(case, name, place, None, source)
        elif verb == "delete":
            return cohort.delete_point(*values)
        elif verb == "forget":
            cohort.delete_point(*values, kind="predicted")
        elif verb == "rename":
            cohort.rename_landmark(*values)
            return bool(values[0] != values[1])
        else:
            calls = {
                "add": cohort.add_landmark,
                "remove": cohort.remove_landmark,
                "clear": cohort.clear_predictions,
                "undo": cohort.undo,
                "redo": cohort.redo,
            }
            calls[verb](*values)
    except SettingsError:
        return False
    return True


def _human(cohort: Cohort) -> HumanState:
    return cohort.landmarks(), cohort.points(kind="human")


@quick
@given(st.lists(st.one_of(human_actions, predictions, steps), max_size=25), predictions)
def test_predictions_never_touch_what_a_person_did(
    actions: list[tuple[Any, ...]], prediction: tuple[Any, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder, _new(folder) as cohort:
        for action in actions:
            before = _human(cohort)
            _do(cohort, action)
            if action[-1] == "predicted" or action[0] in ("forget", "clear"):
                assert _human(cohort) == before
        before, undoable = _human(cohort), cohort.next_undo()
        _do(cohort, prediction)
        assert _human(cohort) == before
        assert cohort.next_undo() == undoable
        effective = {(p.case_key, p.landmark): p for p in cohort.points()}
        for point in cohort.points(kind="human"):
            assert effective[point.case_key, point.landmark] == point


@quick
@given(st.lists(st.one_of(human_actions, predictions), max_size=25), st.booleans())
def test_undo_and_redo_walk_through_equal_states(
    actions: list[tuple[Any, ...]], reopen: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cohort = _new(folder)
        states = [_human(cohort)]
        for action in actions:
            if _do(cohort, action) and _is_human(action):
                states.append(_human(cohort))
        if reopen:
            cohort.close()
            cohort = Cohort.open(cohort.path)
        predicted = cohort.points(kind="predicted")
        for state in reversed(states[:-1]):
            assert cohort.undo() is not None
            assert _human(cohort) == state
        for state in states[1:]:
            assert cohort.redo() is not None
            assert _human(cohort) == state
        assert cohort.redo() is None
        assert cohort.points(kind="predicted") == predicted
        cohort.close()


def _is_human(action: tuple[Any, ...]) -> bool:
    return action[-1] != "predicted" and action[0] not in ("forget", "clear")
