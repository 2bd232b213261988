"""Organs: names, picks, undo, and how they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from medssl.errors import StorageError
from napari_medssl.segmenting.organs import History, Organ, Organs, keep_organs, recall_organs
from tests.plugin.segmenting.states import ORGAN


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


def test_undoing_something_else_leaves_the_net() -> None:
    history = History()
    history.change(history.now.put_in({1}))
    history.change(history.now.put_in({2}))
    history.change(history.now.add("heart"))
    history.change(history.now.select(ORGAN))
    history.undo()
    history.note_net(ORGAN, "run")
    history.redo()
    assert history.now.current == Organ(ORGAN, frozenset({1, 2}), "net", "run")
    history.undo()
    history.undo()
    assert history.now.current == Organ(ORGAN, frozenset({1, 2}), "net", "run")
    history.undo()
    assert history.now.current == Organ(ORGAN, frozenset({1}), "structures", "run")


def test_undoing_a_pick_older_than_strokes_leaves_the_net_that_they_taught() -> None:
    history = History()
    history.change(history.now.put_in({1}))
    history.note_strokes(ORGAN)
    history.note_net(ORGAN, "run")
    history.undo()
    assert history.now.current == Organ(ORGAN, frozenset(), "net", "run")


def test_strokes_taken_back_change_nothing_that_was_taught_since() -> None:
    history = History()
    history.note_net(ORGAN, "run")
    history.note_strokes(ORGAN)
    history.change(history.now.put_in({4}))
    history.forget_strokes(ORGAN)
    assert history.now.current.by == "structures", "the pick is newer than the net"
    assert history.undo()
    assert (history.now.current.by, history.now.current.net) == ("net", "run")


def test_strokes_taken_back_bring_each_step_of_undo_back_as_it_was() -> None:
    history = History()
    history.change(history.now.put_in({1}))
    history.note_net(ORGAN, "run")
    history.change(history.now.put_in({2}))
    history.change(history.now.add("heart"))
    history.note_strokes(ORGAN)
    history.forget_strokes(ORGAN)
    seen = [history.now.organ(ORGAN).by]
    while history.undo():
        seen.append(history.now.organ(ORGAN).by)
    assert seen == ["structures", "structures", "net", "structures"]


def test_organs_are_kept(tmp_path: Path) -> None:
    organs = Organs().put_in({4}).add("heart").put_in({2})
    keep_organs(tmp_path, organs)
    assert recall_organs(tmp_path) == organs


@pytest.mark.parametrize(
    "text",
    [
        '{"organs": [',
        "[]",
        '{"organs": ["liver"], "current": 0}',
        '{"organs": [{"name": null, "members": []}], "current": 0}',
        '{"organs": [{"name": "", "members": []}], "current": 0}',
        '{"organs": [{"name": "liver", "members": ["x"]}], "current": 0}',
        '{"organs": [{"name": "liver", "members": [Infinity]}], "current": 0}',
        '{"organs": [{"name": "liver", "members": [], "by": ["net"]}], "current": 0}',
        '{"organs": [{"name": "liver", "members": [], "by": "net"}], "current": 0}',
        '{"organs": [{"name": "liver", "members": [], "net": 3}], "current": 0}',
        '{"organs": [{"name": "liver", "members": []}], "current": null}',
    ],
)
def test_damaged_organs_are_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "organs.json").write_text(text, encoding="utf-8")
    with pytest.raises(StorageError, match=r"organs\.json.*damaged.*Delete it"):
        recall_organs(tmp_path)


@pytest.mark.parametrize(("current", "name"), [(-7, "liver"), (1, "heart"), (9, "heart")])
def test_one_organ_is_the_current_one_whatever_the_file_says(
    tmp_path: Path, current: int, name: str
) -> None:
    organs = '[{"name": "liver", "members": []}, {"name": "heart", "members": [1]}]'
    text = f'{{"organs": {organs}, "current": {current}}}'
    (tmp_path / "organs.json").write_text(text, encoding="utf-8")
    assert recall_organs(tmp_path).current.name == name
