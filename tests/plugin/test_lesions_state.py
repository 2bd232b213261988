"""Labels, fits, maps and exports of the Lesion maps dock, without a window."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from conftest import Inline
from fake_lesions import FakeMaps, pretend_fit

from medssl.cohort import Cohort
from medssl.runs import RunFolder
from napari_medssl.cohorts.arrangement import Arrangement
from napari_medssl.lesions import learning
from napari_medssl.lesions.fits import CaseScore, calibration_lines, write_labels
from napari_medssl.lesions.lesions import Lesions
from napari_medssl.lesions.mapping import METHODS
from napari_medssl.lesions.order import most_unsure
from napari_medssl.session import Status


@pytest.fixture
def maps() -> FakeMaps:
    return FakeMaps()


@pytest.fixture
def lesions(pictures: Path, maps: FakeMaps) -> Lesions:
    made = Lesions(maps, *(Inline() for _ in range(6)))
    made.open_images(pictures)
    made.go_to("film_01.png")
    return made


@pytest.fixture
def heard(lesions: Lesions) -> list[Status]:
    found: list[Status] = []
    lesions.status_changed.connect(found.append)
    return found


def said(lesions: Lesions) -> dict[str, str]:
    with Cohort.open(lesions.path) as cohort:
        return {one.case_key: one.value for one in cohort.labels(name="label")}


def label_all(lesions: Lesions, numbers: str) -> None:
    for case, number in zip(lesions.cases, numbers, strict=False):
        lesions.go_to(case.key)
        lesions.set_label(int(number))


def test_a_label_is_in_the_cohort_at_once_and_undone(lesions) -> None:
    lesions.author = "AB"
    lesions.set_label(2)
    assert said(lesions) == {"film_01.png": "abnormal"}
    with Cohort.open(lesions.path) as cohort:
        assert cohort.labels()[0].author == "AB"
    lesions.set_label(1)
    assert said(lesions) == {"film_01.png": "normal"}
    lesions.clear_label()
    assert said(lesions) == {}
    lesions.undo()
    lesions.undo()
    assert said(lesions) == {"film_01.png": "abnormal"}
    lesions.set_label(3)
    assert said(lesions) == {"film_01.png": "abnormal"}


def test_a_label_by_another_person_is_kept_as_a_second_reading(lesions) -> None:
    lesions.author = "AB"
    lesions.set_label(2)
    lesions.author = "CD"
    lesions.set_label(1)
    assert said(lesions) == {"film_01.png": "normal"}
    assert lesions.case.seconds == 1


def test_classes_are_added_renamed_kept_and_undone(lesions, pictures, maps, heard) -> None:
    assert lesions.add_class("cyst")
    lesions.set_label(3)
    assert lesions.rename_class(3, "simple cyst")
    assert said(lesions) == {"film_01.png": "simple cyst"}
    again = Lesions(maps, *(Inline() for _ in range(6)))
    again.open_images(pictures)
    assert again.classes == ("normal", "abnormal", "simple cyst")
    lesions.undo()
    assert said(lesions) == {"film_01.png": "cyst"}
    assert lesions.classes == ("normal", "abnormal", "cyst")
    lesions.redo()
    assert lesions.classes == ("normal", "abnormal", "simple cyst")
    assert not lesions.add_class("normal")
    assert heard[-1].kind == "error"


def test_what_is_missing_is_said_until_there_is_enough(lesions, heard) -> None:
    assert "2 more normal and 2 more abnormal" in lesions.missing
    label_all(lesions, "112")
    assert lesions.missing.startswith("Missing: 1 more abnormal.")
    lesions.learn()
    assert heard[-1].text == lesions.missing
    label_all(lesions, "1122")
    assert lesions.missing == ""
    assert lesions.can_learn


def test_next_spreads_labels_and_then_asks_for_the_most_unsure(lesions, tmp_path, heard) -> None:
    lesions.set_label(1)
    lesions.next_unsure()
    assert lesions.key == "film_06.png"
    pretend_fit(lesions.path, tmp_path / "run", {"film_04.png": 0.52})
    lesions.reload()
    lesions.next_unsure()
    assert lesions.key == "film_04.png"
    label_all(lesions, "111111")
    lesions.next_unsure()
    assert heard[-1].text == "All images are labelled"
    scores = {"b": CaseScore(0.9, 0.2), "c": CaseScore(0.4, 0.8)}
    assert most_unsure("abc", set(), scores, None) == "c"


def test_cases_are_sorted_by_lesion_and_by_doubt(lesions, tmp_path) -> None:
    pretend_fit(lesions.path, tmp_path / "run", {"film_04.png": 0.52, "film_02.png": 0.97})
    lesions.reload()
    lesions.arrange(Arrangement(by="lesion"))
    assert [case.key for case in lesions.shown[:2]] == ["film_02.png", "film_04.png"]
    lesions.arrange(Arrangement(by="unsure"))
    assert lesions.shown[0].key == "film_04.png"
    lesions.arrange(Arrangement(by="unsure", descending=True))
    assert lesions.shown[-1].key == "film_04.png"


def test_a_label_can_lead_on(lesions) -> None:
    lesions.go_on = True
    lesions.set_label(1)
    assert lesions.key == "film_06.png"
    assert said(lesions) == {"film_01.png": "normal"}


def test_a_job_is_started_on_the_labels_and_what_it_learned_is_found(
    lesions, heard, tmp_path, monkeypatch
) -> None:
    asked = []

    def start(path: Path, normal: str, model: str, longer: bool, device: str) -> Path:
        asked.append((path, normal, model, longer, device))
        return pretend_fit(path, tmp_path / "run")

    monkeypatch.setattr(learning, "start_fit", start)
    label_all(lesions, "1122")
    lesions.set_base("models/chest")
    lesions.set_device("cpu")
    lesions.learn()
    assert asked == [(lesions.path, "normal", "models/chest", False, "cpu")]
    assert not lesions.fitting
    assert lesions.fit.run == tmp_path / "run"
    assert lesions.found.key == lesions.key
    assert [region.value for region in lesions.regions] == [1, 2]


def test_a_job_that_fails_is_told_with_its_remedy(lesions, heard, tmp_path, monkeypatch) -> None:
    def start(path: Path, normal: str, model: str, longer: bool, device: str) -> Path:
        run = RunFolder(tmp_path / "run")
        run.write_job({"format": 1, "verb": "lesions"})
        run.state("running")
        run.event("error", message="no room on the disk", remedy="Free some.")
        run.state("failed")
        return tmp_path / "run"

    monkeypatch.setattr(learning, "start_fit", start)
    label_all(lesions, "1122")
    lesions.learn()
    assert heard[-1].kind == "error"
    assert "no room on the disk" in heard[-1].text
    assert lesions.can_learn


def test_a_threshold_cuts_anew_and_a_method_maps_anew(lesions, tmp_path) -> None:
    pretend_fit(lesions.path, tmp_path / "run")
    lesions.reload()
    assert len(lesions.regions) == 2
    lesions.set_threshold(0.95)
    assert len(lesions.regions) == 1
    lesions.set_method("cam")
    assert lesions.found.method == "cam"
    lesions.compare_with("layercam")
    assert lesions.compared.method == "layercam"
    lesions.go_to("film_02.png")
    assert (lesions.found.key, lesions.compared.key) == ("film_02.png", "film_02.png")


def test_exports_never_replace_anything(lesions, maps, tmp_path, heard) -> None:
    run = pretend_fit(lesions.path, tmp_path / "run")
    lesions.reload()
    place = tmp_path / "out"
    place.mkdir()
    lesions.export_findings("scores", place)
    lesions.export_findings("case", place)
    lesions.export_findings("all", place)
    assert sorted(path.name for path in place.iterdir()) == [
        "chest lesions", "chest lesions 2", "chest lesions 3",
    ]  # fmt: skip
    first = place / "chest lesions"
    assert (first / "scores.csv").read_text() == (run / "lesions" / "scores.csv").read_text()
    assert "not for diagnosis" in (first / "README.txt").read_text()
    assert [len(keys) for keys, *_ in maps.exported] == [1, 6]
    assert "Not for diagnosis" in heard[-1].text


def test_only_what_people_said_is_learned_from(lesions, tmp_path) -> None:
    label_all(lesions, "12")
    with Cohort.open(lesions.path) as cohort:
        assert write_labels(cohort, tmp_path / "labels.csv") == 2
    lines = (tmp_path / "labels.csv").read_text().splitlines()
    assert lines == ["image,label", "film_01.png,normal", "film_02.png,abnormal"]


def test_the_calibration_is_told_in_fifths() -> None:
    scores = {
        "a": CaseScore(0.1, 0.2, "normal", True),
        "b": CaseScore(0.15, 0.3, "abnormal", True),
        "c": CaseScore(1.0, 0.0, "abnormal", True),
        "d": CaseScore(0.5, 1.0, "", False),
    }
    assert calibration_lines(scores, "normal") == [
        "said 0.0 to 0.2: 1 of 2 were not normal",
        "said 0.8 to 1.0: 1 of 1 were not normal",
    ]


def test_methods_are_those_of_the_core() -> None:
    from medssl.lesions import METHODS as CORE

    assert METHODS == CORE
