"""The Cohort dock without a window: open, import, arrange, review, and share with Landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Inline, write_pictures

from medssl.cohort import Cohort, NewPoint
from napari_medssl.cohorts import Arrangement, CohortBrowser
from napari_medssl.session import Status

CONFIDENCES = (0.9, 0.2, 0.6, 0.4)


@pytest.fixture
def browser() -> CohortBrowser:
    return CohortBrowser(Inline(), Inline(), Inline(), Inline())


@pytest.fixture
def said(browser: CohortBrowser) -> list[Status]:
    heard: list[Status] = []
    browser.status_changed.connect(heard.append)
    return heard


def predict(folder: Path) -> None:
    """Find a landmark in four of the six pictures, surely and less so."""
    with Cohort.open(folder) as cohort:
        cohort.add_landmark("carina")
        keys = [case.key for case in cohort.cases()]
        cohort.set_points(
            [
                NewPoint(key, "carina", (60, 50), None, "predicted", sure, "instant")
                for key, sure in zip(keys, CONFIDENCES, strict=False)
            ]
        )


@pytest.fixture
def opened(browser: CohortBrowser, pictures: Path) -> CohortBrowser:
    browser.open_images(pictures)
    predict(pictures.parent / "chest.medssl")
    browser.reload()
    return browser


def names(browser: CohortBrowser) -> list[str]:
    return [case.name for case in browser.shown]


def sources(browser: CohortBrowser) -> dict[str, tuple[str, str | None]]:
    with Cohort.open(browser.path) as cohort:
        return {p.case_key: (p.source, p.author) for p in cohort.points()}


def test_a_folder_is_taken_in_and_its_cohort_opens_again_as_such(
    browser, said, pictures, tmp_path
) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    browser.open_images(pictures)
    assert len(browser.cases) == 6
    assert [p.path.name for p in browser.problems] == ["broken.png"]
    assert said[-1].text == "6 images added · 1 could not be used"
    again = CohortBrowser(Inline(), Inline(), Inline(), Inline())
    again.open_images(tmp_path / "chest.medssl")
    assert [c.key for c in again.cases] == [c.key for c in browser.cases]
    assert again.name == "chest"


def test_no_cohort_is_said_and_what_is_open_stays(opened, said, tmp_path) -> None:
    empty = tmp_path / "other.medssl"
    empty.mkdir()
    opened.open_images(empty)
    assert said[-1].kind == "error"
    assert "no cohort.sqlite" in said[-1].text
    assert opened.name == "chest"


def test_imports_add_and_name_what_is_twice(opened, said, tmp_path) -> None:
    more = write_pictures(tmp_path / "more", 2)
    extra = write_pictures(tmp_path / "extra", 1, (90, 80))
    opened.import_images([more, extra])
    assert len(opened.cases) == 7
    assert sum("the same image as" in note for note in opened.notes) == 2
    assert said[-1].text.startswith("1 image added")


def test_an_import_with_nothing_open_makes_the_cohort_of_that_folder(browser, pictures) -> None:
    browser.import_images([pictures])
    assert browser.path == pictures.parent / "chest.medssl"
    assert len(browser.cases) == 6


def test_copies_make_the_cohort_stand_alone(browser, pictures, tmp_path) -> None:
    Cohort.create(tmp_path / "alone").close()
    browser.open_images(tmp_path / "alone.medssl")
    browser.copy_images = True
    browser.import_images([pictures])
    with Cohort.open(tmp_path / "alone.medssl") as cohort:
        assert all(case.copied for case in cohort.cases())


def test_sorting_and_filtering(opened) -> None:
    assert names(opened)[:4] == ["film_02.png", "film_04.png", "film_03.png", "film_01.png"]
    opened.arrange(Arrangement("name", descending=True))
    assert names(opened)[0] == "film_06.png"
    opened.arrange(Arrangement("added", text="film 0", state="to do"))
    assert names(opened) == ["film_05.png", "film_06.png"]


def test_next_is_the_least_sure_and_accepting_goes_on(opened, said) -> None:
    opened.set_usefulness("least sure")
    opened.author = "AB"
    opened.next_useful()
    assert opened.key == "film_02.png"
    opened.accept()
    assert opened.key == "film_04.png"
    assert sources(opened)["film_02.png"] == ("manual", "AB")
    assert opened.counts() == {"reviewed": 1, "predicted": 3, "to do": 2}
    assert "1 accepted in film_02.png · saved" in [status.text for status in said]
    opened.undo()
    assert sources(opened)["film_02.png"] == ("predicted", None)
    opened.redo()
    assert sources(opened)["film_02.png"] == ("manual", "AB")


def test_a_rejected_point_is_gone_and_undo_brings_it_back(opened) -> None:
    opened.go_to("film_03.png")
    opened.reject()
    assert "film_03.png" not in sources(opened)
    assert opened.counts()["reviewed"] == 1
    opened.undo()
    assert sources(opened)["film_03.png"] == ("predicted", None)


def test_skipped_cases_come_back_at_the_end(opened, said) -> None:
    opened.set_usefulness("least sure")
    opened.next_useful()
    opened.skip()
    assert opened.key == "film_04.png"
    opened.accept()
    opened.accept()
    assert opened.key == "film_01.png"
    opened.accept()
    assert opened.key == "film_02.png"
    opened.accept()
    assert opened.counts()["predicted"] == 0


def test_nothing_left_is_said(opened, said) -> None:
    opened.arrange(Arrangement(state="predicted"))
    for _ in range(4):
        opened.next_useful()
        opened.accept()
    opened.next_useful()
    assert said[-1].text == "Nothing left to review among those shown"


def test_without_sight_of_the_case_nothing_is_accepted(opened) -> None:
    opened.go_to("film_02.png")
    opened.showing, opened.image = True, None
    opened.accept()
    assert sources(opened)["film_02.png"] == ("predicted", None)


def test_a_correction_here_is_stored_with_its_author(opened, said) -> None:
    wanted: list[str] = []
    opened.correction_wanted.connect(wanted.append)
    opened.author = "CD"
    opened.set_showing(True)
    opened.go_to("film_01.png")
    opened.correct()
    assert wanted == ["carina"]
    assert not opened.place("carina", (500.0, 4.0))
    assert "outside" in said[-1].text
    assert opened.place("carina", (70.0, 40.0))
    assert sources(opened)["film_01.png"] == ("corrected", "CD")
    opened.delete_point("carina")
    assert sources(opened)["film_01.png"] == ("predicted", None)


def test_most_different_looks_at_the_images(opened) -> None:
    with Cohort.open(opened.path) as cohort:
        cohort.set_point("film_01.png", "carina", (60, 50), None, "manual")
    opened.reload()
    opened.set_usefulness("most different")
    assert len(opened.descriptors) == 6
    first = opened.descriptors["film_01.png"]
    alike = {
        key: float(first @ opened.descriptors[key])
        for key in ("film_02.png", "film_03.png", "film_04.png")
    }
    opened.next_useful()
    assert opened.key == min(alike, key=lambda key: alike[key])


def test_the_case_that_helps_most_is_unsure_and_no_copy_of_one_that_is_done(
    opened, pictures
) -> None:
    twin = pictures / "film_02.png"
    assert opened.usefulness == "helps most"
    opened.next_useful()
    assert opened.descriptors
    first = opened.key
    opened.descriptors = {
        key: np.eye(6, dtype=np.float32)[0 if key in (twin.name, "film_01.png") else number]
        for number, key in enumerate(case.key for case in opened.cases)
    }
    with Cohort.open(opened.path) as cohort:
        cohort.set_point("film_01.png", "carina", (60, 50), None, "manual")
    opened.reload()
    opened.next_useful()
    assert first != opened.key == "film_04.png"


def test_an_image_that_is_gone_is_said_and_its_case_stays(opened, said, pictures) -> None:
    (pictures / "film_02.png").unlink()
    opened.set_showing(True)
    opened.go_to("film_02.png")
    assert said[-1].kind == "error"
    assert "film_02.png" in said[-1].text
    assert len(opened.cases) == 6
    assert opened.image is None


def test_the_landmarks_session_leaves_the_rejected_away_until_searched_anew(
    opened, new_session, pictures
) -> None:
    session = new_session()
    session.open_images(opened.path)
    session.go_to("film_01.png")
    session.place((60.0, 50.0))
    opened.reload()
    opened.go_to("film_03.png")
    opened.reject()
    session.reload()
    assert ("film_03.png", "carina") not in session.points
    session.go_to("film_02.png")
    session.place((61.0, 50.0))
    assert ("film_03.png", "carina") not in session.points
    assert "film_03.png" not in sources(opened)
    session.find_all()
    assert session.points["film_03.png", "carina"].source == "predicted"
    assert sources(opened)["film_03.png"][0] == "predicted"


def test_a_cohort_opens_in_the_landmarks_session_wherever_its_images_lie(
    new_session, tmp_path, pictures
) -> None:
    extra = write_pictures(tmp_path / "elsewhere" / "deep", 2, (90, 80))
    browser = CohortBrowser(Inline(), Inline(), Inline(), Inline())
    Cohort.create(tmp_path / "both").close()
    browser.open_images(tmp_path / "both.medssl")
    browser.import_images([pictures, extra])
    session = new_session()
    session.author = "EF"
    session.open_images(tmp_path / "both.medssl")
    assert session.name == "both"
    assert len(session.sources) == 8
    session.add_landmark("carina")
    session.place((60.0, 50.0))
    assert sorted(sources(browser).values())[0] == ("manual", "EF")
    assert len(np.unique([p.case_key for p in session.points.values()])) == 8


def test_the_error_left_is_told_from_the_answers(opened) -> None:
    with Cohort.open(opened.path) as cohort:
        cohort.add_landmark("apex")
        keys = [case.key for case in cohort.cases()]
        cohort.set_points([NewPoint(k, "apex", (30, 30), None, "predicted", 0.5) for k in keys])
        for key in keys[:5]:
            cohort.set_point(key, "apex", (33, 34), None, "corrected")
    opened.reload()
    assert opened.expected.startswith("what is left: about 5.0 px")
    assert opened.expected.endswith("from 5 answers")
    opened.go_to(keys[5])
    opened.accept()
    with Cohort.open(opened.path) as cohort:
        assert [c.distance for c in cohort.corrections("apex")][5] == 0


def test_an_import_that_brings_nothing_tells_nobody(opened, said, tmp_path) -> None:
    told: list[bool] = []
    opened.imported.connect(lambda: told.append(True))
    (tmp_path / "empty").mkdir()
    opened.import_images([tmp_path / "empty"])
    assert said[-1].kind == "error"
    assert told == []
    opened.import_images([write_pictures(tmp_path / "extra", 1, (90, 80))])
    assert told == [True]


def test_the_session_stays_at_its_image_when_the_whole_cohort_is_opened(
    new_session, pictures
) -> None:
    session = new_session()
    session.open_images(pictures)
    session.go_to("film_03.png")
    session.open_images(pictures.parent / "chest.medssl")
    assert session.case.key == "film_03.png"
