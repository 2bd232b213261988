"""The landmarks task without a window: what a person does, what is kept, what is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from medssl.cohort import Cohort
from medssl.io import read_landmarks_csv, read_markups_json
from napari_medssl.exports import csv_writer, markups_writer
from napari_medssl.session import Session, Status


def statuses(session: Session) -> list[Status]:
    said: list[Status] = []
    session.status_changed.connect(said.append)
    return said


def test_a_click_is_found_in_every_other_image_and_kept(opened: Session, pictures: Path) -> None:
    assert opened.add_landmark("carina")
    assert opened.place((60.0, 50.0))
    assert len(opened.points_of("carina")) == 6
    assert opened.point is not None
    assert opened.point.source == "manual"
    with Cohort.open(pictures.parent / "chest.medssl") as cohort:
        stored = {p.case_key: p for p in cohort.points(landmark="carina")}
    assert len(stored) == 6
    assert stored["film_01.png"].source == "manual"
    assert stored["film_03.png"].source == "predicted"
    assert stored["film_03.png"].point_vox == (62.0, 52.0)


def test_the_same_images_bring_their_points_back(opened: Session, pictures, new_session) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    again = new_session()
    again.open_images(pictures)
    assert again.landmarks == ["carina"]
    assert again.points == opened.points


def test_review_starts_with_the_least_sure(opened: Session) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    found = [p.confidence for p in opened.review() if p.source == "predicted"]
    assert found == sorted(found)
    opened.next_to_check()
    assert opened.case is not None
    assert opened.case.key == "film_06.png"
    opened.next_to_check()
    assert opened.case.key == "film_05.png"


def test_accepting_goes_on_until_nothing_is_left(opened: Session) -> None:
    said = statuses(opened)
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    opened.next_to_check()
    for _ in range(4):
        opened.accept()
    assert opened.counts("carina").to_check == 0
    assert opened.templates("carina") == {"film_01.png": (60.0, 50.0)}
    assert said[-1].text == "Nothing left to check for carina"


def test_a_correction_teaches_and_is_found_again(opened: Session, engine) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    opened.go_to("film_04.png")
    opened.place((70.0, 40.0))
    assert opened.point is not None
    assert opened.point.source == "corrected"
    assert engine.found[-1] == {
        "carina": {"film_01.png": (60.0, 50.0), "film_04.png": (70.0, 40.0)}
    }


def test_undo_takes_the_click_back_and_what_was_found_with_it(opened: Session) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    opened.undo()
    assert opened.points == {}
    opened.redo()
    assert len(opened.points) == 6
    opened.undo()
    opened.undo()
    assert opened.landmarks == []


def test_undo_of_a_correction_shows_the_found_point_again(opened: Session, engine) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    opened.go_to("film_04.png")
    opened.place((70.0, 40.0))
    opened.undo()
    assert opened.point is not None
    assert opened.point.source == "predicted"
    assert engine.found[-1] == {"carina": {"film_01.png": (60.0, 50.0)}}


def test_undo_and_redo_reach_over_a_restart(opened: Session, pictures: Path, new_session) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    opened.go_to("film_04.png")
    opened.place((70.0, 40.0))
    opened.save_rest()
    again = new_session()
    again.open_images(pictures)
    again.undo()
    assert again.templates("carina") == {"film_01.png": (60.0, 50.0)}
    assert again.points["film_04.png", "carina"].source == "predicted"
    again.redo()
    assert again.points["film_04.png", "carina"].source == "corrected"
    assert again.points["film_04.png", "carina"].point_vox == (70.0, 40.0)


def test_undo_with_nothing_done_says_so(opened: Session) -> None:
    said = statuses(opened)
    opened.undo()
    assert said[-1] == Status("info", "Nothing to undo")


@pytest.mark.parametrize("point", [(-3.0, 50.0), (60.0, 100.0), (500.0, 500.0)])
def test_a_click_outside_of_the_image_is_refused(opened: Session, point) -> None:
    said = statuses(opened)
    opened.add_landmark("carina")
    assert not opened.place(point)
    assert said[-1].kind == "error"
    assert "outside" in said[-1].text
    assert opened.points == {}


def test_a_landmark_name_twice_is_refused(opened: Session) -> None:
    said = statuses(opened)
    assert opened.add_landmark("carina")
    assert not opened.add_landmark("  carina ")
    assert "already" in said[-1].text
    assert not opened.add_landmark("   ")
    assert opened.landmarks == ["carina"]


def test_renaming_keeps_the_points(opened: Session, pictures: Path) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    assert opened.rename_landmark("carina", "tracheal bifurcation")
    assert opened.landmark == "tracheal bifurcation"
    with Cohort.open(pictures.parent / "chest.medssl") as cohort:
        assert len(cohort.points(landmark="tracheal bifurcation")) == 6


def test_removing_a_landmark_can_be_undone(opened: Session) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    opened.remove_landmark("carina")
    assert opened.points == {}
    opened.undo()
    assert opened.landmarks == ["carina"]
    assert len(opened.points) == 6


def test_an_unreadable_file_is_named_and_the_rest_goes_on(session: Session, pictures: Path) -> None:
    (pictures / "broken.png").write_bytes(b"not a picture")
    session.open_images(pictures)
    session.add_landmark("carina")
    session.place((60.0, 50.0))
    assert [p.path.name for p in session.problems] == ["broken.png"]
    assert len(session.sources) == 6
    assert len(session.points) == 6


def test_an_empty_folder_says_what_to_do(session: Session, tmp_path: Path) -> None:
    said = statuses(session)
    session.open_images(tmp_path)
    assert said[-1].kind == "error"
    assert str(tmp_path) in said[-1].text


def test_a_damaged_model_is_named_and_clicks_are_still_kept(opened: Session, pictures) -> None:
    said = statuses(opened)
    opened.set_model(pictures / "broken")
    assert said[-1].kind == "error"
    assert "broken" in said[-1].text
    opened.add_landmark("carina")
    assert opened.place((60.0, 50.0))
    with Cohort.open(pictures.parent / "chest.medssl") as cohort:
        assert len(cohort.points()) == 1
    opened.set_model("instant")
    assert len(opened.points) == 6


def test_points_leave_as_table_and_for_slicer(opened: Session, tmp_path: Path) -> None:
    opened.add_landmark("carina")
    opened.place((60.0, 50.0))
    table = tmp_path / "points.csv"
    opened.export(csv_writer(table, opened))
    rows = {row.image: row for row in read_landmarks_csv(table)}
    assert len(rows) == 6
    assert rows["film_03.png"].point_vox == (62.0, 52.0)
    opened.export(markups_writer(tmp_path, opened))
    assert len(list(tmp_path.glob("*.mrk.json"))) == 6
    assert len(read_markups_json(tmp_path / "film_02.mrk.json")) == 1
