"""A cohort as one page: the numbers are right, nothing breaks out of it, no patient is in it."""

from __future__ import annotations

import base64
import io
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medssl.cohort import Cohort, ModelRun, NewCase, NewLabel, NewPoint
from medssl.cohort.adding import add_images
from medssl.cohort.report import write_report
from medssl.cohort.report.view import Cut, grey_picture
from medssl.errors import FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.io import Segmentation
from medssl.io.image import Image as Pixels

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from dicom_files import make_series

HOSTILE = ('<script>alert("1")<_script>.png', "気管 & 'الصدر' <b>.png", "a\" onload='x'.png")
EMPTY = {"meta", "br"}
CARD = (
    '{"recipe": {"name": "ld", "steps": 40}, "data": {"n_images": 7, "fingerprint": "c0ffee"},'
    ' "versions": {"torch": "2.6.0"}, "created": "2026-01-02T03:04:05"}'
)


class Page(HTMLParser):
    """What a browser makes of a page: elements, attributes, texts."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.source = path.read_text(encoding="utf-8")
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.cells: list[list[str]] = []
        self._open: list[str] = []
        self.feed(self.source)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if {"td", "th"} & set(self._open):
            self.cells[-1][-1] += data

    @property
    def text(self) -> str:
        return "".join(self.words)

    def row(self, first: str, number: int = 0) -> list[str]:
        return [row for row in self.cells if row and row[0] == first][number]


@pytest.fixture
def cohort(tmp_path: Path) -> Iterator[Cohort]:
    films = tmp_path / "Doe_Jane films"
    films.mkdir()
    for number, name in enumerate((*HOSTILE, "d.png")):
        values = np.random.default_rng(number).integers(0, 255, (30, 20)).astype(np.uint8)
        Image.fromarray(values).save(films / name)
    with Cohort.create(tmp_path / "chest") as cohort:
        add_images(cohort, [films])
        yield cohort


def page_of(cohort: Cohort, **options: object) -> Page:
    path = cohort.path.with_name("report.html")
    write_report(cohort, path, overwrite=True, **options)  # type: ignore[arg-type]
    return Page(path)


def fill(cohort: Cohort) -> None:
    """Give every hostile name a place in every section."""
    bad = '<img src=x onerror="alert(1)">'
    cohort.add_landmark(bad, f"defined as {bad}", "#ff0000", "left")
    cohort.add_landmark("carina")
    keys = [case.key for case in cohort.cases()]
    for number, key in enumerate(keys):
        cohort.set_point(key, bad, (5, 5), None, "predicted", 0.1 + number / 10, bad)
        cohort.set_point(key, "carina", (6, 6), None, "predicted", 0.9, "m")
        cohort.set_point(key, "carina", (6, 6 + number), None, "corrected", author=bad)
        cohort.set_labels([NewLabel(key, bad, bad, author=bad)])
        mask = Segmentation.from_masks({bad: np.eye(30, 20)}, cohort.case(key).grid)
        cohort.set_segmentation(key, bad, mask)
    cohort.meet_points([NewPoint(keys[0], "carina", (9, 10), None, "manual", author=bad)], bad)
    cohort.meet_labels([NewLabel(keys[0], bad, f"other {bad}")], bad)
    cohort.add_run(ModelRun(bad, bad, bad, bad, {bad: bad}, 3))
    cohort.mark_changed(keys[:1])


def test_whatever_it_is_called_it_stays_text(cohort: Cohort) -> None:
    fill(cohort)
    for paths in (False, True):
        page = page_of(cohort, paths=paths)
        assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "iframe"})
        given = {name for _, attributes in page.tags for name in attributes}
        assert not [name for name in given if name.startswith("on")]
        for name in HOSTILE:
            assert name in page.text
        assert '<img src=x onerror="alert(1)">' in page.text


def test_the_page_asks_for_nothing_from_elsewhere(cohort: Cohort) -> None:
    fill(cohort)
    page = page_of(cohort)
    links = [v for _, a in page.tags for k, v in a.items() if k in ("href", "src", "action")]
    assert links
    assert all(v and v.startswith(("#", "data:image/jpeg;base64,")) for v in links)
    assert not re.search(r"url\(|@import|https?://", page.source)
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert page.text.count("not for diagnosis") == 2


def test_it_can_be_read_without_seeing_it(cohort: Cohort) -> None:
    fill(cohort)
    page = page_of(cohort)
    assert ("html", {"lang": "en"}) in page.tags
    assert [a for t, a in page.tags if t == "svg" and not a.get("aria-label")] == []
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert tables == sum(tag == "caption" for tag, _ in page.tags) > 5
    assert all(a.get("scope") in ("col", "row") for t, a in page.tags if t == "th")


def test_errors_are_those_of_predictions_against_corrections(cohort: Cohort) -> None:
    fill(cohort)  # carina was accepted, and moved by 1, 2 and 3 pixels
    page = page_of(cohort)
    assert page.row("carina", 1)[:7] == ["carina", "4", "3", "1.50", "1.50", "2.85", "3.00"]
    assert "Distance in px" in page.text
    bars = [t for t in page.words if re.fullmatch(r"[\d.]+ to [\d.]+ px: 1", t)]
    assert len(bars) == 4


def test_counts_are_those_of_the_cohort(cohort: Cohort) -> None:
    cohort.add_landmark("carina")
    keys = [case.key for case in cohort.cases()]
    cohort.set_point(keys[0], "carina", (1, 1), None, "manual")
    cohort.set_point(keys[1], "carina", (1, 1), None, "predicted", 0.5)
    cohort.set_labels([NewLabel(keys[0], "effusion", "1")])
    cohort.set_labels([NewLabel(keys[1], "effusion", "1", "predicted", 0.6, "m")])
    page = page_of(cohort, sheet=0)
    assert page.row("not known") == ["not known", "2", "1", "1", "4"]
    assert page.row("carina") == ["carina", "", "1", "0", "1", "2"]
    assert page.row("effusion") == ["effusion", "1", "1", "1"]
    assert "Predictions against corrections" not in page.text
    assert "figure" not in {tag for tag, _ in page.tags}


def test_a_sheet_holds_the_least_sure_and_no_more_than_asked(cohort: Cohort) -> None:
    fill(cohort)
    page = page_of(cohort, sheet=2)
    figures = [i for i, (tag, _) in enumerate(page.tags) if tag == "figure"]
    assert len(figures) == 6
    first = page.source.index("<figcaption>")
    assert "0.10" in page.source[first : first + 300]
    assert "the first 2 are shown" in page.text
    pictures = re.findall(r"data:image/jpeg;base64,([\w+/=]+)", page.source)
    drawn = [Image.open(io.BytesIO(base64.b64decode(found))) for found in pictures]
    assert {picture.size for picture in drawn} == {(213, 320)}


def test_a_missing_drive_leaves_a_page_that_says_so(cohort: Cohort) -> None:
    fill(cohort)
    folder = cohort.cases()[0].path.parent
    folder.rename(folder.with_name("away"))
    page = page_of(cohort)
    assert page.text.count("the image cannot be read here") == 4 + 3 + 4
    assert sum(row[-1] == "its image is not there" for row in page.cells) == 4


def test_no_patient_is_in_it_unless_paths_are_asked_for(cohort: Cohort, tmp_path: Path) -> None:
    ids = {"PatientID": "Q1234567", "StudyInstanceUID": "1.2.3.99"}
    make_series(tmp_path / "Doe_Jane" / "ct", [0, 1, 2], **ids)
    add_images(cohort, [tmp_path / "Doe_Jane"])
    fill_one(cohort, tmp_path)
    page = page_of(cohort)
    said = re.sub(r"base64,[\w+/=]+", "", page.source)
    for word in ("Doe", "Jane", "Q1234567", "1.2.3.99", str(tmp_path), "secret"):
        assert word not in said, word
    (code,) = {case.patient for case in cohort.cases()} - {""}
    assert code in page.text
    with_paths = page_of(cohort, paths=True)
    assert str(tmp_path / "secret model") in with_paths.text
    assert "Q1234567" not in with_paths.source


def fill_one(cohort: Cohort, tmp_path: Path) -> None:
    """A prediction in every case, by a model whose card tells how it was made."""
    model = tmp_path / "secret model"
    model.mkdir()
    (model / "model.json").write_text(CARD)
    cohort.add_landmark("tip")
    cases = cohort.cases()
    cohort.set_points(
        [NewPoint(c.key, "tip", [1] * c.grid.ndim, None, "predicted", 0.5, "m") for c in cases]
    )
    cohort.mark_changed([case.key for case in cases])
    settings = {"cycle": True, "images": str(tmp_path / "secret"), "seed": 3}
    cohort.add_run(ModelRun("landmarks", "m", "abc123", str(model), settings, 2))


def test_models_tell_how_they_were_made(cohort: Cohort, tmp_path: Path) -> None:
    fill_one(cohort, tmp_path)
    run = page_of(cohort, sheet=0).row(cohort.runs()[0].time[:10])
    assert run[1:4] == ["landmarks", "mabc123", "2"]
    said = "cycle True, seed 3; recipe ld, 40 steps; 7 images, data c0ffee; torch 2.6.0; made 2026"
    assert run[4].startswith(said)


def test_the_fingerprint_is_that_of_the_contents(cohort: Cohort, tmp_path: Path) -> None:
    def fingerprint(of: Cohort) -> str:
        return re.findall(r"[0-9a-f]{32}", page_of(of, sheet=0).row("images")[1])[0]

    with Cohort.create(tmp_path / "second") as second:
        for case in reversed(cohort.cases()):
            second.add_cases([NewCase(f"x {case.key}", case.path, case.fingerprint, case.grid)])
        assert fingerprint(second) == fingerprint(cohort)
        second.add_case("more", "/x", "f", Grid.create((3, 3)))
        assert fingerprint(second) != fingerprint(cohort)


def test_an_empty_cohort_has_a_page(tmp_path: Path) -> None:
    with Cohort.create(tmp_path / "nothing") as cohort:
        page = page_of(cohort)
    assert "no images in this cohort yet" in page.text


def test_what_is_there_is_kept_and_other_names_refused(cohort: Cohort, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("mine")
    with pytest.raises(FileRefusedError, match="already"):
        write_report(cohort, path)
    with pytest.raises(SettingsError, match=r"end in \.html"):
        write_report(cohort, tmp_path / "a.pdf")
    with pytest.raises(SettingsError, match="0 or more"):
        write_report(cohort, tmp_path / "b.html", sheet=-1)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 4.0, 1.0)])
def test_a_mark_lies_on_its_voxel_whatever_the_orientation(
    order: tuple[int, ...], flip: int, spacing: tuple[float, ...]
) -> None:
    direction = flip * np.eye(3)[:, list(order)]
    grid = Grid.create((20, 24, 28), spacing, (5, 6, 7), direction)
    array = np.zeros(grid.shape, np.float32)
    point = (6, 15, 9)
    array[point] = 1
    cut = Cut.through(grid, point)
    picture = np.asarray(grey_picture(Pixels(array, grid, "zyx", window=(0.5, 1.0)), cut))
    rows, columns = np.nonzero(picture > 128)
    place = cut.place(point)
    assert place is not None
    assert abs(columns.mean() + 0.5 - place[0]) < 1
    assert abs(rows.mean() + 0.5 - place[1]) < 1
    assert cut.place([p + 5 for p in point]) is None


def test_a_volume_is_shown_as_in_the_reading_room() -> None:
    """Axial: the patient's right is on the left of the picture, the front at its top."""
    grid = Grid.create((9, 10, 11), (1, 1, 1))
    cut = Cut.through(grid, (4, 2, 3))
    assert cut.words == "axial 5 of 9"
    right_front, left_back = cut.place((4, 2, 3)), cut.place((4, 8, 9))
    assert right_front is not None
    assert left_back is not None
    assert right_front[0] < left_back[0]
    assert right_front[1] < left_back[1]
    sagittal = Grid.create((9, 10, 11), (1, 1, 4))
    thick = Cut.through(sagittal)
    assert thick.words.startswith("sagittal")
    head, foot = thick.place((8, 5, 5)), thick.place((0, 5, 5))
    assert head is not None
    assert foot is not None
    assert head[1] < foot[1]


def test_a_real_oblique_series_has_its_thumbnail(data_dir: Path, tmp_path: Path) -> None:
    series = data_dir / "brain_mr_dicom" / "Study3" / "11-T1post-18670"
    with Cohort.create(tmp_path / "brain") as cohort:
        add_images(cohort, [series])
        cohort.add_landmark("tip")
        (case,) = cohort.cases()
        cohort.set_point(case.key, "tip", (3.25, 100.5, 120.0), None, "predicted", 0.5)
        page = page_of(cohort)
    (mark,) = [a for t, a in page.tags if t == "g" and a.get("class") == "mark"]
    assert mark["style"]
    assert "axial" in page.text
