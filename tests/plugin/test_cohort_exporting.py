"""Exports of the Cohort dock: what is written is read back, what cannot be is told."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from conftest import Inline

from medssl.cohort import Cohort
from napari_medssl.cohorts import CohortBrowser
from napari_medssl.cohorts.exporting import KINDS, ExportKind
from napari_medssl.session import Status


def kind(start: str) -> ExportKind:
    return next(one for one in KINDS if one.words.startswith(start))


@pytest.fixture
def browser(pictures: Path) -> CohortBrowser:
    made = CohortBrowser(Inline(), Inline(), Inline(), Inline())
    made.open_images(pictures)
    with Cohort.open(made.path) as cohort:
        cohort.add_landmark("carina")
        cohort.set_point("film_01.png", "carina", (60, 50), None, "manual")
    made.reload()
    return made


@pytest.fixture
def said(browser: CohortBrowser) -> list[Status]:
    heard: list[Status] = []
    browser.status_changed.connect(heard.append)
    return heard


def test_points_leave_as_a_table_and_replace_an_older_one(browser, said, tmp_path) -> None:
    place = tmp_path / "points.csv"
    place.write_text("of yesterday")
    browser.export(kind("Points: one table"), place)
    assert said[-1].text == "1 point written to points.csv"
    rows = list(csv.DictReader(place.open()))
    assert [(row["image"], row["landmark"]) for row in rows] == [("film_01.png", "carina")]


def test_points_leave_for_slicer(browser, said, tmp_path) -> None:
    browser.export(kind("Points: 3D Slicer"), tmp_path)
    assert said[-1].text.startswith("1 point written to 1 file in ")
    assert [p.name for p in tmp_path.glob("*.mrk.json")] == ["film_01.mrk.json"]


def test_what_is_not_there_is_said(browser, said, tmp_path) -> None:
    browser.export(kind("Masks: NIfTI"), tmp_path)
    assert said[-1].kind == "error"
    assert "no segmentations" in said[-1].text


def test_a_page_is_written(browser, said, tmp_path) -> None:
    browser.export(kind("A page"), tmp_path / "page.html")
    assert said[-1].text == "6 cases described in page.html"
    assert "carina" in (tmp_path / "page.html").read_text()


def test_what_was_left_out_is_told_until_the_next_export(
    browser, said, tmp_path, monkeypatch
) -> None:
    reasons = iter([("film_02.png: too dark", "film_03.png: too bright"), ()])
    monkeypatch.setattr(
        "napari_medssl.cohorts.exporting._write", lambda *_: ("written", next(reasons))
    )
    browser.notes = ("film_01.png: its spacing is taken to be 1 mm",)
    browser.export(kind("Masks: NIfTI"), tmp_path)
    assert browser.notes[1:] == (
        "not exported: film_02.png: too dark",
        "not exported: film_03.png: too bright",
    )
    browser.export(kind("Masks: NIfTI"), tmp_path)
    assert browser.notes == ("film_01.png: its spacing is taken to be 1 mm",)
