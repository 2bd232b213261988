"""Headers as rows: all of them there, and nothing that tells whose image it is left open."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

sys.path.insert(0, str(Path(__file__).parent))
from dicom_files import make_slice, ramp

from medssl.errors import FileRefusedError
from medssl.io.header_rows import dicom_rows, field_rows, nifti_rows
from medssl.io.identifying import is_identifying, is_identifying_field

SECRETS = ("Doe", "Jane", "HOSP-4711", "19700304", "1.2.3.4.5", "Saint Mary", "Dr Who", "ACC77")


@pytest.fixture
def named(tmp_path):
    procedure = Dataset()
    procedure.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    procedure.ReferencedSOPInstanceUID = "1.2.3.4.5"
    return make_slice(
        tmp_path / "a.dcm", ramp(), PatientID="HOSP-4711", PatientBirthDate="19700304",
        StudyInstanceUID="1.2.3.4.5", InstitutionName="Saint Mary", ReferringPhysicianName="Dr Who",
        AccessionNumber="ACC77", ImageComments="Jane moved", KVP=120,
        FilterType="for Doe", ReferencedImageSequence=[procedure, procedure],
    )  # fmt: skip


def walk(rows):
    for row in rows:
        yield row
        yield from walk(row.rows)


def test_what_is_open_holds_nothing_of_the_patient(named) -> None:
    shown = [row for row in walk(dicom_rows(named)) if not row.identifying]
    assert not [row for row in shown for secret in SECRETS if secret.lower() in row.value.lower()]
    names = {row.name: row.value for row in shown}
    assert names["KVP"] == "120"
    assert names["Pixel Spacing"] == "0.5, 0.75"
    assert names["SOP Class UID"].startswith("CT Image Storage")


def test_nothing_is_left_out_and_sequences_hold_their_items(named) -> None:
    rows = {row.name: row for row in dicom_rows(named)}
    assert rows["Patient's Name"].value == "Doe^Jane"
    assert rows["Filter Type"].identifying  # it repeats a part of the name
    sequence = rows["Referenced Image Sequence"]
    assert (sequence.value, len(sequence.rows)) == ("2 items", 2)
    assert [row.identifying for row in sequence.rows[0].rows] == [False, True]
    assert sequence.tag == "(0008,1140)"


@pytest.mark.parametrize(
    ("keyword", "kind", "group", "hidden"),
    [
        ("PatientName", "PN", 0x10, True),
        ("OperatorsName", "PN", 0x8, True),
        ("PatientID", "LO", 0x10, True),
        ("StudyDate", "DA", 0x8, True),
        ("FrameOfReferenceUID", "UI", 0x20, True),
        ("TransferSyntaxUID", "UI", 0x2, False),
        ("InstitutionName", "LO", 0x8, True),
        ("DeviceSerialNumber", "LO", 0x18, True),
        ("StudyDescription", "LO", 0x8, True),
        ("", "LO", 0x9, True),
        ("", "UN", 0x20, True),
        ("KVP", "DS", 0x18, False),
        ("Modality", "CS", 0x8, False),
    ],
)
def test_what_can_tell_whose_image_it_is(keyword, kind, group, hidden) -> None:
    assert is_identifying(keyword, kind, group) == hidden


def test_other_formats_hide_free_text_and_names(data_dir) -> None:
    hidden = {
        row.name
        for row in nifti_rows(data_dir / "reader_cases/nibabel/example_nifti2.nii.gz")
        if row.identifying
    }
    assert hidden == {"descrip", "aux_file", "intent_name"}
    nrrd = {"type": "short", "space": "left-posterior-superior", "content": "Jane", "sizes": "2 3"}
    assert [row.name for row in field_rows(nrrd) if row.identifying] == ["content"]
    assert is_identifying_field("Patient ID")
    assert is_identifying_field("DICOM_0010_0010_PatientName")
    assert not is_identifying_field("xyzt_units")


def test_what_is_no_header_is_refused(tmp_path) -> None:
    bad = tmp_path / "bad.nii"
    bad.write_bytes(b"nothing of this kind" * 40)
    with pytest.raises(FileRefusedError):
        nifti_rows(bad)


def test_real_headers_can_be_listed(data_dir) -> None:
    folder = data_dir / "reader_cases"
    for name in ("niivue/enh.dcm", "pydicom/CT_small.dcm", "pydicom/nested_priv_SQ.dcm"):
        rows = list(walk(dicom_rows(folder / name)))
        assert len(rows) > 5
    private = [row for row in walk(dicom_rows(folder / "pydicom/nested_priv_SQ.dcm")) if row.rows]
    assert all(row.identifying for row in private if row.tag)
