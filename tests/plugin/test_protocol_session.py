"""A protocol in the session: applied, remembered, its examples never forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from medssl.cohort import Cohort
from medssl.protocols import Protocol, open_protocol
from napari_medssl.measuring import Measuring
from napari_medssl.session import Session


class Inline:
    def submit(self, task, done, failed) -> None:
        try:
            result = task(lambda *_: None)
        except Exception as error:  # noqa: BLE001 - as a worker does
            failed(error)
        else:
            done(result)

    def cancel(self) -> None:
        """Nothing waits."""


@pytest.fixture
def measuring(session: Session) -> Measuring:
    found = Measuring(session, Inline())
    session.images_changed.connect(found.follow)
    return found


@pytest.fixture
def clicked(measuring: Measuring, opened: Session) -> Session:
    for name, point in (("carina", (60, 50)), ("apex", (20, 30)), ("base", (100, 30))):
        opened.add_landmark(name)
        opened.place(point)
    return opened


@pytest.fixture
def protocol(measuring: Measuring, clicked: Session, tmp_path: Path) -> Protocol:
    measuring.add("height", "distance", ("apex", "base"))
    measuring.save(tmp_path / "lungs.protocol")
    return open_protocol(tmp_path / "lungs.protocol")


def test_a_measurement_follows_the_points(measuring: Measuring, clicked: Session) -> None:
    assert measuring.add("height", "distance", ("apex", "base"))
    assert measuring.add("bend", "angle", ("apex", "carina", "base"))
    height, bend = measuring.measured()
    assert (height.found.value, height.found.unit, height.by_person) == (80.0, "px", True)
    assert bend.found.unit == "deg"
    clicked.step(1)
    found = measuring.measured()[0]
    assert (found.by_person, found.confidence) == (False, pytest.approx(0.85))
    assert found.found.uncertainty > height.found.uncertainty
    clicked.landmark = "base"
    clicked.place((110, 31))
    assert measuring.measured()[0].found.value == pytest.approx(89.0)
    assert measuring.as_csv().splitlines()[1].startswith("film_02.png,,height,89.0")


def test_what_does_not_fit_is_said(measuring: Measuring, clicked: Session) -> None:
    said = []
    measuring.said.connect(said.append)
    assert measuring.add("height", "distance", ("apex", "base"))
    assert not measuring.add("height", "distance", ("apex", "carina"))
    assert not measuring.add("none", "distance", ("apex", "apex"))
    assert ["already" in said[0].text, "two different" in said[1].text] == [True, True]
    assert len(measuring.wanted) == 1
    clicked.rename_landmark("apex", "top")
    measuring.rename_landmark("apex", "top")
    assert measuring.measured()[0].found.value == 80.0


def test_saved_and_changed_measurements_are_in_the_folder(
    measuring: Measuring, protocol: Protocol
) -> None:
    assert [one.name for one in protocol.measurements] == ["height"]
    assert measuring.protocol == protocol
    assert measuring.add("width", "distance", ("carina", "base"))
    measuring.remove(0)
    assert [one.name for one in open_protocol(protocol.folder).measurements] == ["width"]


def test_next_week_s_images_are_searched_from_the_examples(
    new_session, protocol: Protocol, tmp_path: Path, pictures: Path
) -> None:
    shutil.copytree(pictures, tmp_path / "next")
    session = new_session()
    measuring = Measuring(session, Inline())
    session.images_changed.connect(measuring.follow)
    session.open_images(tmp_path / "next")
    assert not session.can_find
    measuring.choose(protocol.folder)
    measuring.apply()
    assert session.landmarks == ["carina", "apex", "base"]
    assert len(session.points) == 18
    assert {p.source for p in session.points.values()} == {"predicted"}
    assert measuring.measured()[0].found.value == 80.0
    with Cohort.open(tmp_path / "next.medssl") as cohort:
        assert len(cohort.points()) == 18
        assert cohort.runs()[-1].place == str(protocol.folder)


def test_a_correction_joins_the_examples_and_undo_brings_them_back(
    new_session, engine, protocol: Protocol, tmp_path: Path, pictures: Path
) -> None:
    shutil.copytree(pictures, tmp_path / "next")
    session = new_session()
    session.open_images(tmp_path / "next")
    session.apply_protocol(protocol)
    session.select_landmark("apex")
    session.place((25, 33))
    assert session.point.source == "corrected"
    session.undo()
    assert len(session.points_of("apex")) == 6
    assert engine.found[-1] == {"apex": {"template-1.nrrd": (20, 30)}}


def test_a_protocol_is_remembered_with_its_images(
    new_session, engine, protocol: Protocol, tmp_path: Path, pictures: Path
) -> None:
    shutil.copytree(pictures, tmp_path / "next")
    first = new_session()
    first.open_images(tmp_path / "next")
    first.apply_protocol(protocol)
    first.save_rest()
    again = new_session()
    measuring = Measuring(again, Inline())
    again.images_changed.connect(measuring.follow)
    again.open_images(tmp_path / "next")
    assert measuring.protocol == protocol
    assert again.protocol_landmarks == {"carina", "apex", "base"}
    again.open_images(pictures)
    assert measuring.protocol is None
    assert engine.protocol is None
    again.save_rest()
    shutil.rmtree(protocol.folder)
    third = new_session()
    third.open_images(tmp_path / "next")
    third.recall_protocol()
    assert third.protocol_landmarks == frozenset()


def test_each_point_knows_whose_it_is(new_session, pictures: Path) -> None:
    session = new_session()
    session.open_images(pictures)
    session.author = "AB"
    session.add_landmark("carina")
    session.place((60, 50))
    session.author = "CD"
    session.place((64, 50))
    assert session.point.author == "CD"
    session.save_rest()
    with Cohort.open(pictures.parent / "chest.medssl") as cohort:
        (point,) = cohort.points(kind="human")
        (second,) = cohort.alternatives()
        assert (point.author, second.author) == ("CD", "AB")
    again = new_session()
    again.open_images(pictures)
    assert again.points[point.case_key, "carina"].author == "CD"
