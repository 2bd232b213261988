"""A click is kept whatever the disk does."""

from __future__ import annotations

from pathlib import Path

import pytest

from medssl.cohort import Cohort, CohortStorageError
from napari_medssl.session import Session, Status
from napari_medssl.store import Store


class Disk:
    """A disk that can be full, or closed to some folders."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.closed: tuple[Path, ...] = ()
        create, set_points = Cohort.create.__func__, Cohort.set_points  # type: ignore[attr-defined]

        def make(cls: type[Cohort], folder: str | Path) -> Cohort:
            if any(Path(folder).is_relative_to(closed) for closed in self.closed):
                raise CohortStorageError(Path(folder), "it is read-only", "Choose another.")
            return create(cls, folder)

        def write(cohort: Cohort, points: object) -> None:
            if self.full:
                raise CohortStorageError(cohort.path, "the disk is full", "Free some space.")
            set_points(cohort, points)

        monkeypatch.setattr(Cohort, "create", classmethod(make))
        monkeypatch.setattr(Cohort, "set_points", write)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def said(session: Session) -> list[Status]:
    heard: list[Status] = []
    session.status_changed.connect(heard.append)
    return heard


def kept(pictures: Path) -> dict[str, str]:
    with Cohort.open(pictures.parent / "chest.medssl") as cohort:
        return {point.case_key: point.source for point in cohort.points()}


def test_clicks_on_a_full_disk_are_written_later(disk, session, said, pictures) -> None:
    session.open_images(pictures)
    session.add_landmark("carina")
    disk.full = True
    session.place((60.0, 50.0))
    session.go_to("film_03.png")
    session.place((61.0, 51.0))
    assert said[-1].kind == "error"
    assert "Free some space" in said[-1].text
    assert len(session.points) == 6
    assert kept(pictures) == {}
    disk.full = False
    session.go_to("film_04.png")
    session.place((62.0, 52.0))
    sources = kept(pictures)
    assert sources["film_01.png"] == "manual"
    assert sources["film_03.png"] == "corrected"
    assert sources["film_04.png"] == "corrected"
    assert len(sources) == 6
    assert said[-1].kind == "done"


def test_undo_on_a_full_disk_takes_nothing_away(disk, session, said, pictures) -> None:
    session.open_images(pictures)
    session.add_landmark("carina")
    disk.full = True
    session.place((60.0, 50.0))
    session.undo()
    assert said[-1].kind == "error"
    assert session.templates("carina") == {"film_01.png": (60.0, 50.0)}


def test_other_images_wait_until_all_clicks_are_written(disk, session, said, pictures) -> None:
    session.open_images(pictures)
    session.add_landmark("carina")
    disk.full = True
    session.place((60.0, 50.0))
    other = pictures.parent / "other"
    other.mkdir()
    (other / "film_01.png").write_bytes((pictures / "film_01.png").read_bytes())
    session.open_images(other)
    assert session.name == "chest"
    assert "Free some space" in said[-1].text
    disk.full = False
    session.open_images(other)
    assert session.name == "other"
    assert len(kept(pictures)) == 6


def test_what_waits_is_written_at_the_end(disk, session, pictures) -> None:
    session.open_images(pictures)
    session.add_landmark("carina")
    disk.full = True
    session.place((60.0, 50.0))
    disk.full = False
    session.save_rest()
    assert len(kept(pictures)) == 6


def test_images_that_cannot_be_written_beside_have_their_clicks_elsewhere(
    disk, session, said, pictures, new_session
) -> None:
    disk.closed = (pictures.parent,)
    session.open_images(pictures)
    assert session.kept_in is not None
    assert str(session.kept_in) in said[-1].text
    session.add_landmark("carina")
    session.place((60.0, 50.0))
    session.save_rest()
    assert not (pictures.parent / "chest.medssl").exists()
    store = Store()
    assert len(store.open(pictures).points) == 6
    store.close()
    again = new_session()
    again.open_images(pictures)
    assert len(again.points) == 6


def test_no_place_for_clicks_is_said_and_they_are_written_when_there_is_one(
    disk, session, said, pictures
) -> None:
    disk.closed = (Path("/"),)
    session.open_images(pictures)
    assert said[-1].kind == "error"
    assert "read-only" in said[-1].text
    session.add_landmark("carina")
    session.place((60.0, 50.0))
    assert len(session.points) == 6
    disk.closed = ()
    session.go_to("film_02.png")
    session.place((61.0, 51.0))
    assert kept(pictures)["film_01.png"] == "manual"
    assert len(kept(pictures)) == 6
