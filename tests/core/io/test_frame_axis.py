"""What the first axis of frames runs over, with its unit, from each format that says so."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

sys.path.insert(0, str(Path(__file__).parent))
from dicom_files import SERIES, make_slice, ramp

from medssl.io import read_image
from medssl.io._nifti_header import NIFTI1
from medssl.io.dicom_times import film_axis, stack_axis
from medssl.io.frame_axis import frame_axis


def film(**tags) -> Dataset:
    made = Dataset()
    for key, value in tags.items():
        setattr(made, key, value)
    return made


def test_a_cine_has_the_time_of_each_frame_and_a_rate() -> None:
    found = film_axis(film(FrameTime=40), 3)
    assert found == {"name": "time", "unit": "s", "values": [0.0, 0.04, 0.08], "rate": 25.0}
    uneven = film_axis(film(FrameTimeVector=[0, 30, 50], CineRate=12), 3)
    assert uneven["values"] == [0.0, 0.03, 0.08]
    assert uneven["rate"] == 12.0
    assert film_axis(film(), 3) == frame_axis()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([{"EchoTime": 4.6}, {"EchoTime": 9.2}], ("echo time", "ms", [4.6, 9.2])),
        ([{"DiffusionBValue": 0.0}, {"DiffusionBValue": 800.0}], ("b-value", "s/mm²", [0, 800])),
        (
            [{"EchoTime": 5, "AcquisitionTime": t} for t in ("112936.5", "113001")],
            ("time", "s", [0.0, 24.5]),
        ),
        ([{}, {}], ("frame", "", [])),
    ],
)  # fmt: skip
def test_volumes_of_a_series_are_told_apart_by_what_differs(tags, expected) -> None:
    found = stack_axis([film(**one) for one in tags])
    assert (found["name"], found["unit"], found["values"]) == expected


def test_a_perfusion_series_reads_as_frames_with_its_files_in_order(tmp_path) -> None:
    number = 0
    for time in range(3):
        for height in (0.0, 5.0):
            number += 1
            make_slice(
                tmp_path / f"IM{20 - number}", ramp() + time, (0, 0, height), number,
                AcquisitionTime=f"1000{10 + 2 * time}", SeriesInstanceUID=SERIES,
            )  # fmt: skip
    image = read_image(tmp_path)
    assert image.axes == "tzyx"
    assert image.metadata["frames"]["values"] == [0.0, 2.0, 4.0]
    assert [file.name for file in image.files] == [f"IM{20 - n}" for n in range(1, 7)]
    assert image.frame(1).files == image.files


@pytest.mark.parametrize(("code", "expected"), [(8, [1.0, 3.0]), (16, [0.001, 0.003]), (0, [])])
def test_a_nifti_gives_the_time_in_seconds(tmp_path, code, expected) -> None:
    header = np.zeros(1, NIFTI1)
    header["sizeof_hdr"], header["magic"], header["vox_offset"] = 348, b"n+1", 352
    header["dim"][0, :5], header["datatype"] = (4, 3, 4, 5, 2), 2
    header["pixdim"][0, :5], header["toffset"] = (1, 1, 1, 1, 2.0), 1.0
    header["sform_code"], header["xyzt_units"] = 0, 2 | code
    path = tmp_path / "bold.nii"
    path.write_bytes(header.tobytes() + bytes(4) + bytes(120))
    image = read_image(path)
    assert image.metadata["frames"]["values"] == expected
    assert image.metadata["orientation_assumed"]


def test_all_windows_of_a_slice_are_listed_with_their_words(tmp_path) -> None:
    path = make_slice(
        tmp_path / "a.dcm", ramp(), WindowCenterWidthExplanation=["SOFT", "BONE"],
        PatientOrientation=["L", "FP"],
    )  # fmt: skip
    image = read_image(path)
    assert image.window == (40.0, 400.0)
    assert image.metadata["windows"] == [
        {"centre": 40.0, "width": 400.0, "explanation": "SOFT"},
        {"centre": 300.0, "width": 1500.0, "explanation": "BONE"},
    ]
    assert image.metadata["PatientOrientation"] == ["L", "IP"]
