"""Whatever is done in whatever order: people's points are safe, and undo is exact."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medssl.cohort import (
    Alternative,
    Cohort,
    Correction,
    Label,
    LandmarkRecord,
    NewLabel,
    NewPoint,
    Point,
    SegmentationRecord,
)
from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.io import Segmentation

CASES = ("a", "b")
NAMES = ("carina", "apex", "hilum")
AUTHORS = ("AB", "CD", "XY", None)
HumanState = tuple[
    list[LandmarkRecord],
    list[Point],
    list[Label],
    list[SegmentationRecord],
    list[Alternative],
    list[Correction],
]

case_keys = st.sampled_from(CASES)
names = st.sampled_from(NAMES)
places = st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
values = st.sampled_from(("0", "1"))
human_actions = st.one_of(
    st.tuples(st.just("label"), case_keys, values, st.sampled_from(("manual", "corrected"))),
    st.tuples(st.just("unlabel"), case_keys),
    st.tuples(st.just("draw"), case_keys, st.just("manual")),
    st.tuples(st.just("erase"), case_keys),
    st.tuples(st.just("second"), case_keys, names, places),
    st.tuples(st.just("set by"), case_keys, names, places, st.sampled_from(AUTHORS)),
    st.tuples(st.just("label by"), case_keys, values, st.sampled_from(AUTHORS)),
    st.tuples(st.just("take")),
    st.tuples(st.just("drop")),
    st.tuples(st.just("set"), case_keys, names, places, st.sampled_from(("manual", "corrected"))),
    st.tuples(st.just("delete"), case_keys, names),
    st.tuples(st.just("add"), names),
    st.tuples(st.just("remove"), names),
    st.tuples(st.just("rename"), names, names),
)
predictions = st.one_of(
    st.tuples(st.just("label"), case_keys, values, st.just("predicted")),
    st.tuples(st.just("draw"), case_keys, st.just("predicted")),
    st.tuples(st.just("set"), case_keys, names, places, st.just("predicted")),
    st.tuples(st.just("forget"), case_keys, names),
    st.tuples(st.just("clear"), names),
)
steps = st.one_of(st.tuples(st.just("undo")), st.tuples(st.just("redo")))
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _new(folder: str) -> Cohort:
    cohort = Cohort.create(Path(folder) / "c")
    for key in CASES:
        cohort.add_case(key, f"/{key}", key, Grid.create((4, 4)))
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
        elif verb in _OTHER:
            return _OTHER[verb](cohort, *values)
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


def _label(cohort: Cohort, key: str, value: str, source: Any) -> bool:
    cohort.set_labels([NewLabel(key, "effusion", value, source)])
    return True


def _draw(cohort: Cohort, key: str, source: Any) -> bool:
    mask = Segmentation.from_masks({"lung": np.eye(4)}, Grid.create((4, 4)))
    cohort.set_segmentation(key, "lung", mask, source)
    return True


def _second(cohort: Cohort, key: str, name: str, place: tuple[float, float]) -> bool:
    """Let another annotator's point meet what the cohort holds."""
    other = NewPoint(key, name, place, None, "manual", author="XY")
    return cohort.meet_points([other], "reader 2").changed


def _set_by(cohort: Cohort, key: str, name: str, place: tuple[float, float], author: Any) -> bool:
    """Let a person set a point; what another one set there must not go."""
    before = {(p.author, p.point_vox) for p in cohort.points(key, name, "human")}
    cohort.set_point(key, name, place, None, "manual", author=author)
    readings = [one for one in cohort.alternatives() if one.what == "points"]
    here = [one for one in readings if (one.case_key, one.name) == (key, name)]
    kept = {(one.author, one.found[1:3]) for one in here}
    assert {one for one in before if one[0] != author} <= kept
    named = [one.author for one in here if one.author is not None]
    assert author not in named
    return True


def _label_by(cohort: Cohort, key: str, value: str, author: Any) -> bool:
    cohort.set_labels([NewLabel(key, "effusion", value, author=author)])
    return True


def _decide(cohort: Cohort, decision: Any) -> bool:
    others = cohort.alternatives()
    if others:
        decision(cohort, others[0])
    return bool(others)


_OTHER: dict[str, Any] = {
    "label": _label,
    "unlabel": lambda cohort, key: cohort.delete_label(key, "effusion"),
    "draw": _draw,
    "erase": lambda cohort, key: cohort.delete_segmentation(key, "lung"),
    "second": _second,
    "set by": _set_by,
    "label by": _label_by,
    "take": lambda cohort: _decide(cohort, Cohort.take_alternative),
    "drop": lambda cohort: _decide(cohort, Cohort.drop_alternative),
}


def _human(cohort: Cohort) -> HumanState:
    return (
        cohort.landmarks(),
        cohort.points(kind="human"),
        cohort.labels(kind="human"),
        cohort.segmentations(kind="human"),
        cohort.alternatives(),
        cohort.corrections(),
    )


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
        said = {label.case_key: label for label in cohort.labels()}
        assert all(said[label.case_key] == label for label in cohort.labels(kind="human"))


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


def test_two_hundred_mixed_actions_undone_and_redone_return_to_equal_states() -> None:
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as folder, _new(folder) as cohort:
        states = [_human(cohort)]
        while len(states) <= 200:
            if _do(cohort, _random_action(chance)):
                states.append(_human(cohort))
        for state in reversed(states[:-1]):
            assert cohort.undo() is not None
            assert _human(cohort) == state
        for state in states[1:]:
            assert cohort.redo() is not None
            assert _human(cohort) == state
        assert cohort.redo() is None


def _random_action(chance: random.Random) -> tuple[Any, ...]:
    key, name, other = chance.choice(CASES), chance.choice(NAMES), chance.choice(NAMES)
    place = (chance.uniform(0, 3), chance.uniform(0, 3))
    rare: list[tuple[Any, ...]] = [("remove", name), ("rename", name, other)]
    often: list[tuple[Any, ...]] = [
        ("set", key, name, place, "manual"), ("delete", key, name), ("add", name),
        ("label", key, chance.choice("01"), "manual"), ("unlabel", key),
        ("draw", key, "corrected"), ("erase", key), ("second", key, name, place), ("take",),
        ("drop",), ("set by", key, name, place, chance.choice(AUTHORS)),
        ("label by", key, chance.choice("01"), chance.choice(AUTHORS)),
    ]  # fmt: skip
    return chance.choice(rare if chance.random() < 0.1 else often)


def _is_human(action: tuple[Any, ...]) -> bool:
    return action[-1] != "predicted" and action[0] not in ("forget", "clear")
