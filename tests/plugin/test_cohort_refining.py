"""Refining from the Cohort dock: the job is followed, stopped, and what it wrote is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Inline

from medssl.cohort import Cohort, ModelRun, NewPoint
from medssl.errors import Cancelled, MedsslError
from medssl.runs import RunFolder
from napari_medssl.cohorts import CohortBrowser, refining
from napari_medssl.session import Status
from napari_medssl.training import following


@pytest.fixture
def browser(pictures: Path) -> CohortBrowser:
    made = CohortBrowser(Inline(), Inline(), Inline(), Inline())
    made.open_images(pictures)
    return made


@pytest.fixture
def clicked(browser: CohortBrowser) -> CohortBrowser:
    with Cohort.open(browser.path) as cohort:
        cohort.add_landmark("carina")
        cohort.set_point("film_01.png", "carina", (60, 50), None, "manual")
    browser.reload()
    return browser


@pytest.fixture
def said(browser: CohortBrowser) -> list[Status]:
    heard: list[Status] = []
    browser.status_changed.connect(heard.append)
    return heard


def run_folder(path: Path, **last: str) -> Path:
    RunFolder(path).write_job({"format": 1, "verb": "refine"})
    RunFolder(path).state(**last)
    return path


def test_there_must_be_a_point_to_learn_from(browser, said) -> None:
    assert not browser.can_refine
    browser.refine()
    assert said == []


def test_what_the_job_found_is_shown_and_told(clicked, said, tmp_path, monkeypatch) -> None:
    def start(path: Path, model: str) -> Path:
        assert model == "instant"
        with Cohort.open(path) as cohort:
            point = NewPoint("film_02.png", "carina", (61, 51), None, "predicted", 0.9, "refined")
            cohort.set_points([point])
            run = run_folder(tmp_path / "run", state="done")
            cohort.add_run(ModelRun("refine", "refined", "f", str(run), {}, 1))
        return run

    monkeypatch.setattr(refining, "start_refining", start)
    written = []
    clicked.written.connect(lambda: written.append(1))
    assert clicked.can_refine
    clicked.refine()
    assert said[-1].kind == "done"
    assert "1 point found anew" in said[-1].text
    assert not clicked.refining
    assert written
    states = {case.name: case.state for case in clicked.cases}
    assert (states["film_01.png"], states["film_02.png"]) == ("reviewed", "predicted")


def test_a_job_that_fails_is_told(clicked, said, tmp_path, monkeypatch) -> None:
    def start(path: Path, model: str) -> Path:
        run = run_folder(tmp_path / "run", state="running")
        RunFolder(run).event("error", message="no room on the disk", remedy="Free some.")
        RunFolder(run).state("failed")
        return run

    monkeypatch.setattr(refining, "start_refining", start)
    clicked.refine()
    assert said[-1].kind == "error"
    assert "no room on the disk" in said[-1].text
    assert clicked.can_refine


@pytest.mark.parametrize("asked", [True, False])
def test_only_a_person_stops_the_job(asked, tmp_path, monkeypatch) -> None:
    stopped: list[Path] = []
    monkeypatch.setattr("medssl.runs.stop_job", stopped.append)
    monkeypatch.setattr("medssl.runs.status.living", lambda *_: None)
    run = run_folder(tmp_path / "run", state="queued")

    def cancelled(*_: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        following.follow_job(run, cancelled, lambda: asked, "Refining")
    assert stopped == ([run] if asked else [])


def test_a_job_that_vanished_is_told_with_its_place(tmp_path) -> None:
    run = run_folder(tmp_path / "run", state="lost")
    with pytest.raises(MedsslError, match="process is gone"):
        following.follow_job(run, lambda *_: None, lambda: False, "Refining")
