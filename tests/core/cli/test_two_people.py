"""Two annotators and flagged images, from the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import ComputedRadiographyImageStorage, generate_uid

from medssl.io.dicom_sr_reading import read_dicom_sr
from medssl.io.measurement import AT_DETECTOR

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from dicom_files import make_slice


@pytest.fixture
def films(tmp_path: Path) -> Path:
    for number in range(2):
        values = np.random.default_rng(number).integers(0, 3000, (40, 30))
        make_slice(
            tmp_path / "films" / f"film{number}.dcm", values, Modality="DX", PatientID="Q1",
            SOPClassUID=ComputedRadiographyImageStorage, StudyInstanceUID=generate_uid(),
            ImagerPixelSpacing=[0.5, 0.75], BurnedInAnnotation="YES" if number else "NO",
        )  # fmt: skip
    return tmp_path / "films"


@pytest.fixture
def chest(medssl: Callable, films: Path, tmp_path: Path) -> Path:
    done = medssl("cohort", "create", tmp_path / "chest", films)
    assert "film1.dcm: text is burnt into its pixels" in done.stderr
    assert "film0.dcm: text" not in done.stderr
    for author, shift in (("AB", 0), ("CD", 4)):
        points = tmp_path / f"{author}.csv"
        labels = tmp_path / f"{author} labels.csv"
        points.write_text(
            "image,landmark,x,y\n"
            + "".join(f"film{n}.dcm,apex,{5 + shift},10\nfilm{n}.dcm,base,5,30\n" for n in (0, 1))
        )
        labels.write_text(f"image,effusion\nfilm0.dcm,1\nfilm1.dcm,{0 if shift else 1}\n")
        done = medssl(
            "cohort", "add", tmp_path / "chest", "--points", points, "--labels", labels,
            "--author", author,
        )  # fmt: skip
        assert done.code == 0, done.stderr
    return tmp_path / "chest"


def test_agreement_is_told(medssl: Callable, chest: Path) -> None:
    said = medssl("cohort", "agreement", chest, "--json").json
    apex, base = said["points"]
    assert (apex["landmark"], apex["people"], apex["n"]) == ("apex", ["AB", "CD"], 2)
    assert apex["mean"] == pytest.approx(3.0)  # 4 pixels of 0.75 mm
    assert (base["mean"], base["within"]) == (0, 0)
    (label,) = said["labels"]
    assert (label["n"], label["agreed"], label["kappa"]) == (2, 0.5, 0.0)
    shown = medssl("cohort", "agreement", chest).stdout
    assert "3.00 mm" in shown
    assert "50 % the same, kappa 0.00" in shown
    assert "1 × AB: 1, CD: 0" in shown


def test_a_report_takes_the_protocol_s_measurements_with_it(
    medssl: Callable, chest: Path, tmp_path: Path
) -> None:
    length = "length=distance(apex,base)"
    protocol = tmp_path / "lungs.protocol"
    assert medssl("protocol", "save", chest, "--out", protocol, "--measure", length).code == 0
    done = medssl(
        "cohort", "export", chest, "--to", "sr", "--out", tmp_path / "sr", "--protocol", protocol
    )
    assert done.code == 0, done.stderr
    (found,) = read_dicom_sr(tmp_path / "sr" / "film0.sr.dcm").measurements
    assert (found.name, found.value, found.unit) == ("length", pytest.approx(10.0), "mm")
    assert found.warning == AT_DETECTOR
    assert found.uncertainty > 0
    table = tmp_path / "t.csv"
    done = medssl("protocol", "measure", chest, "--protocol", protocol, "--out", table)
    assert f"2 lengths {AT_DETECTOR}" in done.stderr
