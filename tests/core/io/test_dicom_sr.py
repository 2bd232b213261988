"""Structured reports: points where they were set, numbers with unit and uncertainty."""

from __future__ import annotations

import sys
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.uid import ComputedRadiographyImageStorage, generate_uid

from medssl.errors import FileRefusedError, SettingsError
from medssl.io import ExportPoint, list_images, read_image
from medssl.io.dicom_source import read_dicom_source
from medssl.io.dicom_sr import write_dicom_sr
from medssl.io.dicom_sr_reading import read_dicom_sr
from medssl.io.measurement import (
    AT_DETECTOR,
    ON_FILM,
    Measurement,
    measure,
    measure_angle,
    measure_distance,
)

sys.path.insert(0, str(Path(__file__).parent))
from dicom_files import make_series, make_slice, ramp

LINKS = {"StudyInstanceUID": generate_uid(), "FrameOfReferenceUID": generate_uid()}
OBLIQUE = ["11-T1post-18670", "26401-T1prereg-52906", "36468-FLAIRreg-58706", "37830-T2reg-78532"]


def source_of(where):
    (source,) = list_images(where).sources
    return read_dicom_source(source.files, source.path)


def points_on(grid, count=5):
    rng = np.random.default_rng(4)
    places = rng.random((count, grid.ndim)) * (np.array(grid.shape) - 1)
    return [
        ExportPoint(
            "image", f"punkt {i} ü", tuple(vox.tolist()),
            tuple(grid.voxel_to_world(vox).tolist()), grid.unit,
            0.25 if i == 1 else None, "predicted" if i == 1 else "manual",
        )
        for i, vox in enumerate(places)
    ]  # fmt: skip


@pytest.mark.parametrize("name", OBLIQUE)
def test_points_of_oblique_series_come_back(data_dir, tmp_path, name):
    folder = data_dir / "brain_mr_dicom" / "Study3" / name
    source, image = source_of(folder), read_image(folder)
    points = points_on(image.grid)
    measured = [
        measure_distance("width", points[:2], 0.3),
        measure_angle("corner", points[:3], 0.3),
        Measurement("ratio", 0.5, "1"),
    ]
    path = write_dicom_sr(tmp_path / "a.dcm", points, source, measured, "one-shot")
    found = read_dicom_sr(path)
    assert [p.landmark for p in found.points] == [p.landmark for p in points]
    for one, other in zip(found.points, points, strict=True):
        assert one.unit == "mm"
        assert np.abs(np.array(one.place) - other.point_world).max() < 0.01
        back = image.grid.world_to_voxel(one.place)
        assert np.abs((back - other.point_vox) * np.array(image.grid.spacing)).max() < 0.01
    assert [(p.source, p.confidence) for p in found.points][:2] == [
        ("manual", None),
        ("predicted", 0.25),
    ]
    for one, other in zip(found.measurements, measured, strict=True):
        assert (one.name, one.unit, one.landmarks) == (other.name, other.unit, other.landmarks)
        assert one.value == pytest.approx(other.value, rel=1e-6)
        assert one.uncertainty == (other.uncertainty and pytest.approx(other.uncertainty, rel=1e-6))


def test_highdicom_reads_the_report(data_dir, tmp_path):
    source = source_of(data_dir / "brain_mr_dicom" / "Study3" / OBLIQUE[0])
    points = points_on(source.grid, 3)
    path = write_dicom_sr(
        tmp_path / "a.dcm", points, source, [measure_angle("corner", points, 1.5)], "one-shot"
    )
    made = hd.sr.srread(path)
    assert isinstance(made.content, hd.sr.MeasurementReport)
    groups = made.content.get_planar_roi_measurement_groups(
        graphic_type=hd.sr.GraphicTypeValues3D.POINT
    )
    for group, point in zip(groups, points, strict=True):
        assert group.tracking_identifier == point.landmark
        assert np.abs(group.roi.value[0] - point.point_world).max() < 0.01
        assert group.roi.frame_of_reference_uid == source.frame_of_reference
    kinds = [group.finding_type.meaning for group in groups]
    assert kinds == ["User Selected Fiducial", "Derived Fiducial", "User Selected Fiducial"]
    (other,) = made.content.get_image_measurement_groups()
    (number,) = other.get_measurements()
    assert (number.unit.value, number.unit.scheme_designator) == ("deg", "UCUM")
    assert number.name.meaning == "Angle"
    assert number.referenced_coordinates[0].value.shape == (3, 3)


def test_a_report_links_to_its_source(data_dir, tmp_path):
    source = source_of(data_dir / "brain_mr_dicom" / "Study3" / OBLIQUE[0])
    made = pydicom.dcmread(write_dicom_sr(tmp_path / "a.dcm", points_on(source.grid), source))
    first = source.headers[0]
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "AccessionNumber"):
        assert made[keyword].value == first[keyword].value
    (study,) = made.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == first.SeriesInstanceUID
    assert len(series.ReferencedSOPSequence) == len(source.headers)


def test_points_of_a_tilted_series(tmp_path):
    make_series(tmp_path / "s", [0.0, 3.0, 6.0, 9.0], 0.3, **LINKS)
    source = source_of(tmp_path / "s")
    points = points_on(source.grid)
    found = read_dicom_sr(write_dicom_sr(tmp_path / "a.dcm", points, source))
    for one, other in zip(found.points, points, strict=True):
        assert np.abs(np.array(one.place) - other.point_world).max() < 0.01


def test_points_of_a_single_slice_lie_in_the_patient(tmp_path):
    turned = {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}
    path = make_slice(tmp_path / "a.dcm", ramp(), (5.0, 6.0, 7.0), **LINKS, **turned)
    source = source_of(path)
    point = ExportPoint("a", "tip", (2.0, 3.0), (2.25, 1.0), "mm")
    (found,) = read_dicom_sr(write_dicom_sr(tmp_path / "r.dcm", [point], source)).points
    assert found.place == pytest.approx((5.0, 6.0 + 3 * 0.75, 7.0 - 2 * 0.5))


def test_points_of_a_film_lie_in_its_pixels(tmp_path):
    nothing = dict.fromkeys(("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"))
    tags = {**LINKS, **nothing, "FrameOfReferenceUID": None, "Modality": "CR"}
    tags["SOPClassUID"] = ComputedRadiographyImageStorage
    source = source_of(make_slice(tmp_path / "a.dcm", ramp(), **tags))
    points = points_on(source.grid)
    path = write_dicom_sr(tmp_path / "r.dcm", points, source, [measure_distance("w", points[:2])])
    found = read_dicom_sr(path)
    for one, other in zip(found.points, points, strict=True):
        assert one.unit == "px"
        assert one.place == pytest.approx(other.point_vox[::-1], abs=1e-4)
    (number,) = found.measurements
    assert (number.unit, number.landmarks) == ("px", ("punkt 0 ü", "punkt 1 ü"))
    region = hd.sr.srread(path).content.get_planar_roi_measurement_groups()[0].roi
    assert region.value[0] == pytest.approx(np.array(points[0].point_vox[::-1]) + 0.5, abs=1e-4)


def test_what_cannot_be_written(tmp_path):
    make_series(tmp_path / "s", [0.0, 3.0, 6.0], **LINKS)
    source = source_of(tmp_path / "s")
    point = points_on(source.grid)[0]
    path = tmp_path / "r.dcm"
    with pytest.raises(SettingsError, match="comes twice"):
        write_dicom_sr(path, [point, point], source)
    with pytest.raises(SettingsError, match="no landmarks and no measurements"):
        write_dicom_sr(path, [], source)
    path.write_bytes(b"mine")
    with pytest.raises(FileRefusedError, match="such a file already"):
        write_dicom_sr(path, [point], source)
    assert path.read_bytes() == b"mine"
    write_dicom_sr(path, [point], source, overwrite=True)
    assert read_dicom_sr(path).points[0].landmark == point.landmark


def test_what_is_no_report(tmp_path):
    path = make_slice(tmp_path / "image.dcm", ramp())
    with pytest.raises(FileRefusedError, match=r"image.dcm: it is no DICOM structured report"):
        read_dicom_sr(path)
    (tmp_path / "text.dcm").write_text("no DICOM at all " * 20)
    with pytest.raises(FileRefusedError, match=r"text.dcm"):
        read_dicom_sr(tmp_path / "text.dcm")


def test_a_report_of_others_has_no_points(data_dir):
    found = read_dicom_sr(data_dir / "volumes" / "dcmqi" / "sr-example" / "sr.dcm")
    assert found.points == ()


def test_without_highdicom_the_extra_is_named(tmp_path, monkeypatch):
    make_series(tmp_path / "s", [0.0, 3.0, 6.0], **LINKS)
    source = source_of(tmp_path / "s")
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(SettingsError, match=r"napari-medssl\[dicom\]"):
        write_dicom_sr(tmp_path / "r.dcm", points_on(source.grid), source)
    with pytest.raises(SettingsError, match=r"napari-medssl\[dicom\]"):
        read_dicom_sr(tmp_path / "r.dcm")


def test_a_length_at_the_detector_says_so_in_the_report(tmp_path):
    tags = {"Modality": "DX", "SOPClassUID": ComputedRadiographyImageStorage, **LINKS}
    make_slice(tmp_path / "film.dcm", ramp(), **tags)
    source = source_of(tmp_path / "film.dcm")
    points = points_on(read_image(tmp_path / "film.dcm").grid, 4)
    measured = [
        measure("width", "distance", points[:2], [0.3, 0.4], AT_DETECTOR),
        measure("tilt", "angle between lines", points, [0.3] * 4, AT_DETECTOR),
        measure("share", "ratio", points, [0.3] * 4, ON_FILM),
        measure("scanned", "distance", points[:2], [None, None], ON_FILM),
    ]
    found = read_dicom_sr(write_dicom_sr(tmp_path / "a.dcm", points, source, measured))
    for one, other in zip(found.measurements, measured, strict=True):
        assert (one.name, one.unit, one.warning) == (other.name, other.unit, other.warning)
        assert one.value == pytest.approx(other.value)
        assert one.landmarks == other.landmarks
    assert [one.warning for one in found.measurements] == [AT_DETECTOR, "", "", ON_FILM]
