"""The whole way on the command line: a DICOM disc, a click, a review, Slicer and DICOM.

docs/walk.md tells it to people; what its commands are told is what this test types.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from medssl.cli.entry import run
from medssl.cohort import Cohort
from medssl.io import list_images, read_image, read_markups_json
from medssl.io.dicom_seg import read_dicom_seg
from medssl.io.dicom_source import read_dicom_source
from medssl.io.dicom_sr_reading import read_dicom_sr
from medssl.io.label_maps import write_label_map
from medssl.io.segmentation import Segmentation
from medssl.phantom import Phantom

sys.path.insert(0, str(Path(__file__).parent))
from walk_images import LANDMARKS, simpleitk_world, write_disc

PATIENTS = 4


@dataclass(frozen=True)
class Walk:
    """Where the walk takes place, and what is true there."""

    folder: Path
    truth: dict[str, Phantom]

    def series(self, number: int) -> Path:
        return self.folder / "disc" / f"PAT{number}" / "STUDY0" / "SERIES1"

    def place(self, number: int, landmark: str) -> tuple[float, ...]:
        """Where a landmark truly is, in voxels ``(z, y, x)``."""
        return tuple(list(self.truth.values())[number].landmarks[landmark])

    def write_points(self, name: str, rows: list[tuple[object, ...]]) -> Path:
        path = self.folder / name
        with path.open("w", newline="") as file:
            header = ("image", "landmark", "x", "y", "z", "source")
            csv.writer(file).writerows([header, *rows])
        return path


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    return Walk(tmp_path, write_disc(tmp_path / "disc", PATIENTS))


@pytest.fixture
def medssl(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Type a command that works; give what it printed."""

    def call(*words: object) -> str:
        capsys.readouterr()
        code = run([str(word) for word in words])
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return call


def test_from_the_disc_to_slicer_and_dicom(walk: Walk, medssl: Callable[..., str]) -> None:
    here = walk.folder
    cohort = here / "trunks.medssl"

    # import the disc: the series and the localisers, under codes
    said = medssl("cohort", "create", cohort, here / "disc")
    assert said.endswith(f"{2 * PATIENTS} cases\n")
    shown = medssl("cohort", "status", cohort, "--cases", "--json")
    for private in ("HOSP", "Walker", "Person"):
        assert private not in shown

    # click two points on the first patient, find them in the others
    clicks = [
        f"{name}={','.join(f'{v:.2f}' for v in reversed(walk.place(0, name)))}"
        for name in LANDMARKS
    ]
    found = here / "found.csv"
    options = [word for click in clicks for word in ("--points", click)]
    medssl("landmarks", here / "disc", "--template", walk.series(0), *options, "--out", found)
    assert "8 points added" in medssl("cohort", "add", cohort, "--points", found)

    # review: the least sure first
    with Cohort.open(cohort) as opened:
        waiting = [c for c in opened.overview() if c.state == "predicted"]
        assert len(waiting) == PATIENTS - 1
        assert all(case.predicted == len(LANDMARKS) for case in waiting)
        surest = sorted(waiting, key=lambda case: case.confidence or 0.0)
    listed = medssl("cohort", "status", cohort, "--cases", "--sort", "confidence", "--json")
    names = re.findall(r'"name": "(PAT[^"]*)"', listed)
    assert names[: len(surest)] == [case.name for case in surest]

    # accept one point, correct the other of the least sure case
    worst = surest[0].key
    number = int(worst[3])
    with Cohort.open(cohort) as opened:
        seen = {p.landmark: p.point_vox for p in opened.points(worst)}
    kept, moved = LANDMARKS
    true = [round(v, 2) for v in reversed(walk.place(number, moved))]
    same = [f"{v:.4f}" for v in reversed(seen[kept])]
    table = walk.write_points(
        "corrections.csv",
        [(worst, kept, *same, "manual"), (worst, moved, *true, "corrected")],
    )
    said = medssl("cohort", "add", cohort, "--points", table, "--author", "AB")
    assert "2 points added" in said
    with Cohort.open(cohort) as opened:
        answered = {one.landmark: one for one in opened.corrections()}
        assert answered[kept].distance < 0.01
        assert answered[moved].model == "instant"
        assert answered[moved].distance == pytest.approx(
            np.linalg.norm(np.subtract(answered[moved].found_world, answered[moved].point_world))
        )
        (one,) = [case for case in opened.overview() if case.key == worst]
        assert one.state == "reviewed"

    # a new search never takes the place of what a person has set
    medssl("cohort", "add", cohort, "--points", found)
    with Cohort.open(cohort) as opened:
        held = {p.landmark: p for p in opened.points(worst)}
        assert [held[name].source for name in LANDMARKS] == ["manual", "corrected"]

    # refine: the others are found again from the click and the correction
    said = medssl("refine", cohort, "--run", here / "refined")
    left = len(LANDMARKS) * (PATIENTS - 2)
    assert f"{left} points found by instant refined; they wait for review" in said
    with Cohort.open(cohort) as opened:
        held = {p.landmark: p for p in opened.points(worst)}
        assert [held[name].source for name in LANDMARKS] == ["manual", "corrected"]
        found_anew = [p for p in opened.points() if p.source == "predicted"]
        assert {p.model for p in found_anew} == {"instant refined"}
        assert len(found_anew) == left

    _masks(walk, cohort, medssl)
    _to_slicer(walk, cohort, medssl)
    _to_dicom(walk, cohort, medssl)
    page = here / "trunks.html"
    said = medssl("cohort", "report", cohort, "--out", page)
    assert f"{2 * PATIENTS} cases, 1 correction" in said
    text = page.read_text(encoding="utf-8")
    assert not re.search("HOSP0|Walker|Person", re.sub(r"base64,[\w+/=]+", "", text))


def _masks(walk: Walk, cohort: Path, medssl: Callable[..., str]) -> None:
    """Take the mask of the liver of the first patient, drawn elsewhere."""
    folder = walk.folder / "masks"
    folder.mkdir()
    grid = read_image(walk.series(0)).grid
    liver = next(iter(walk.truth.values())).masks["liver"]
    made = Segmentation.from_masks({"liver": liver}, grid)
    write_label_map(folder / "PAT0__STUDY0__SERIES1__liver.nii.gz", made)
    assert "1 mask added" in medssl("cohort", "add", cohort, "--masks", folder)


def _to_slicer(walk: Walk, cohort: Path, medssl: Callable[..., str]) -> None:
    """Points lie where SimpleITK has them, masks are voxel for voxel on the series."""
    out = walk.folder / "slicer"
    said = medssl("cohort", "export", cohort, "--to", "mrk.json", "--out", out)
    assert f"8 points written to {PATIENTS} files" in said
    with Cohort.open(cohort) as opened:
        held = {(p.case_key, p.landmark): p.point_vox for p in opened.points()}
    for number in range(PATIENTS):
        stem = f"PAT{number}__STUDY0__SERIES1"
        for point in read_markups_json(out / f"{stem}.mrk.json"):
            vox = held[f"PAT{number}/STUDY0/SERIES1", point.label]
            there = simpleitk_world(walk.series(number), vox)
            assert np.abs(there - point.point_mm).max() < 0.01
    medssl("cohort", "export", cohort, "--to", "seg.nrrd", "--out", out)
    (mask,) = out.glob("*.seg.nrrd")
    liver = next(iter(walk.truth.values())).masks["liver"]
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(mask))), liver)


def _to_dicom(walk: Walk, cohort: Path, medssl: Callable[..., str]) -> None:
    """Reports and segmentations are those of the patient, and link to the series."""
    out = walk.folder / "pacs"
    medssl("cohort", "export", cohort, "--to", "sr", "--out", out)
    medssl("cohort", "export", cohort, "--to", "seg", "--out", out)
    with Cohort.open(cohort) as opened:
        worlds = {(p.case_key, p.landmark): p.point_world for p in opened.points()}
    reports = sorted(out.glob("*.sr.dcm"))
    assert len(reports) == PATIENTS
    for number, path in enumerate(reports):
        header = pydicom.dcmread(next(walk.series(number).iterdir()))
        made = pydicom.dcmread(path)
        assert (made.PatientID, made.StudyInstanceUID) == (
            header.PatientID, header.StudyInstanceUID,
        )  # fmt: skip
        for point in read_dicom_sr(path).points:
            place = worlds[f"PAT{number}/STUDY0/SERIES1", point.landmark]
            assert np.abs(np.subtract(point.place, place)).max() < 0.01
    (mask,) = out.glob("*.seg.dcm")
    (series,) = list_images(walk.series(0)).sources
    source = read_dicom_source(series.files, series.path)
    found = read_dicom_seg(mask, source)
    liver = next(iter(walk.truth.values())).masks["liver"]
    np.testing.assert_array_equal(found.mask(found.segments[0]), liver)
    assert found.segments[0].name == "liver"
