"""What a protocol keeps, what it leaves behind, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from medssl.cohort import Cohort, NewPoint
from medssl.cohort.adding import add_images
from medssl.errors import FileRefusedError, ModelError, SettingsError
from medssl.io import read_image
from medssl.protocols import open_protocol, parse_measurement
from medssl.protocols.folder import FILE
from medssl.protocols.saving import save_protocol

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from dicom_files import make_slice

WIDTH = parse_measurement("width=distance(apex, hilum)")


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    """Four DICOM films of a patient whose name and id must stay where they are."""
    for number in range(4):
        values = np.random.default_rng(number).integers(0, 3000, (20, 16))
        make_slice(
            tmp_path / "Doe Jane Q1234567" / f"film {number}.dcm", values, Modality="DX",
            ImagePositionPatient=None, PatientID="Q1234567", StudyInstanceUID="1.2.77.99",
            SOPInstanceUID=f"1.2.77.{number}", ImagerPixelSpacing=[0.5, 0.75],
            PhotometricInterpretation="MONOCHROME1" if number == 1 else "MONOCHROME2",
            BurnedInAnnotation="YES" if number == 1 else "NO",
        )  # fmt: skip
    cohort = Cohort.create(tmp_path / "chest")
    added = add_images(cohort, [tmp_path / "Doe Jane Q1234567"])
    assert len(added.added) == 4
    assert len(added.burnt_in) == 1
    for name in ("apex", "hilum", "carina"):
        cohort.add_landmark(name, f"the {name}", "#ff8800", "left" if name == "apex" else None)
    keys = [case.key for case in cohort.cases()]
    cohort.set_points(
        [
            NewPoint(keys[0], "apex", (3, 4), None, "manual", author="AB"),
            NewPoint(keys[1], "apex", (5, 6), None, "manual", author="AB"),
            NewPoint(keys[1], "hilum", (7.25, 8), None, "corrected", author="AB"),
            NewPoint(keys[2], "apex", (9, 9), None, "manual", confidence=0.9),  # only accepted
            NewPoint(keys[3], "hilum", (9, 9), None, "predicted", confidence=0.2),
        ]
    )
    return cohort


def test_a_protocol_holds_landmarks_examples_and_measurements(cohort, tmp_path) -> None:
    saved = save_protocol(cohort, tmp_path / "lungs", measurements=[WIDTH], templates=1)
    found = open_protocol(tmp_path / "lungs")
    assert found == saved.protocol
    assert found.folder.name == "lungs.protocol"
    assert [(one.name, one.text, one.side) for one in found.landmarks] == [
        ("apex", "the apex", "left"),
        ("hilum", "the hilum", None),
    ]
    assert found.measurements == (WIDTH,)
    (template,) = found.definition.templates  # the one case that shows both
    assert template.points == {"apex": (5, 6), "hilum": (7.25, 8)}
    more = save_protocol(cohort, tmp_path / "more", templates=5).protocol.definition.templates
    assert [dict(one.points) for one in more] == [
        {"apex": (5, 6), "hilum": (7.25, 8)},
        {"apex": (3, 4)},
    ]


def test_a_template_has_the_values_and_the_grid_and_nobody_s_name(cohort, tmp_path) -> None:
    saved = save_protocol(cohort, tmp_path / "lungs", templates=1)
    assert "text in its pixels" in saved.notes[0]
    folder = saved.protocol.folder
    original = cohort.cases()[1].source().read()
    copied = read_image(folder / "template-1.nrrd")
    assert copied.grid == original.grid
    assert original.inverted  # low is bright: turned over, since a NRRD cannot say so
    total = original.array.max() + original.array.min()
    assert np.array_equal(copied.array, total - original.array)
    every = b"".join(file.read_bytes() for file in folder.iterdir())
    for secret in (b"Doe", b"Jane", b"Q1234567", b"1.2.77", b"film", str(tmp_path).encode()):
        assert secret not in every


def test_only_what_was_placed_can_be_saved(cohort, tmp_path) -> None:
    with pytest.raises(SettingsError, match="nobody has placed 'carina'"):
        save_protocol(cohort, tmp_path / "a", ["carina"])
    with pytest.raises(SettingsError, match="no landmark 'heart'"):
        save_protocol(cohort, tmp_path / "a", ["heart"])
    with pytest.raises(SettingsError, match="measured from 'hilum'"):
        save_protocol(cohort, tmp_path / "a", ["apex"], [WIDTH])
    with pytest.raises(ModelError):
        save_protocol(cohort, tmp_path / "a", model=tmp_path)
    assert not list(tmp_path.glob("*.protocol"))
    assert not list(tmp_path.glob(".part-*"))


def test_nothing_is_replaced_unasked(cohort, tmp_path) -> None:
    save_protocol(cohort, tmp_path / "lungs")
    with pytest.raises(FileRefusedError, match="such a protocol already"):
        save_protocol(cohort, tmp_path / "lungs", ["apex"])
    save_protocol(cohort, tmp_path / "lungs", ["apex"], overwrite=True)
    assert len(open_protocol(tmp_path / "lungs").landmarks) == 1
    other = tmp_path / "other.protocol"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    with pytest.raises(FileRefusedError, match="no protocol, and is not replaced"):
        save_protocol(cohort, other, overwrite=True)
    assert (other / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "a newer medssl"),
        ({"format": 1, "command": "rm"}, "damaged"),
        ({"landmarks": []}, "damaged"),
        ({"templates": [{"file": "../../x.nrrd", "points": {"apex": [1, 1]}}]}, "damaged"),
        ({"templates": [{"file": "template-9.nrrd", "points": {"apex": [1, 1]}}]}, "damaged"),
        ({"measurements": [{"name": "w", "kind": "distance", "landmarks": ["a"]}]}, "damaged"),
    ],
)
def test_a_damaged_protocol_is_refused(cohort, tmp_path, change, words) -> None:
    folder = save_protocol(cohort, tmp_path / "lungs").protocol.folder
    values = json.loads((folder / FILE).read_text())
    (folder / FILE).write_text(json.dumps(values | change))
    with pytest.raises(FileRefusedError, match=words):
        open_protocol(folder)


def test_a_protocol_without_its_images_or_that_is_none_is_refused(cohort, tmp_path) -> None:
    folder = save_protocol(cohort, tmp_path / "lungs").protocol.folder
    (folder / "template-1.nrrd").unlink()
    with pytest.raises(FileRefusedError, match="template-1\\.nrrd is gone"):
        open_protocol(folder)
    (folder / FILE).write_text("{")
    with pytest.raises(FileRefusedError, match="damaged"):
        open_protocol(folder)
    with pytest.raises(FileRefusedError, match="no such folder"):
        open_protocol(tmp_path / "nowhere")


def test_measurements_are_changed_in_place(cohort, tmp_path) -> None:
    protocol = save_protocol(cohort, tmp_path / "lungs").protocol
    changed = protocol.with_measurements((WIDTH,))
    assert open_protocol(protocol.folder) == changed
    with pytest.raises(SettingsError, match="comes twice"):
        changed.with_measurements((WIDTH, WIDTH))
    assert open_protocol(protocol.folder) == changed


@pytest.mark.parametrize(
    ("text", "kind", "landmarks"),
    [
        ("w=distance(a,b)", "distance", ("a", "b")),
        (" the width = distance( left apex , b) ", "distance", ("left apex", "b")),
        ('w=angle("a, upper",b,c)', "angle", ("a, upper", "b", "c")),
        ("w=angle(a,b,c,d)", "angle", ("a", "b", "c", "d")),
        ("w=ratio(a,b,a,c)", "ratio", ("a", "b", "a", "c")),
    ],
)
def test_measurements_are_read_as_typed(text, kind, landmarks) -> None:
    found = parse_measurement(text)
    assert (found.kind, found.landmarks) == (kind, landmarks)
    assert parse_measurement(f"{found.name}={found.text}") == found


@pytest.mark.parametrize(
    "text",
    [
        "distance(a,b)", "w=distance(a)", "w=distance(a,b,c)", "w=size(a,b)", "=distance(a,b)",
        "w=angle(a,b)", "w=ratio(a,b,c)", "w=distance(a,)", "w=distance(a,a)", 'w=distance("a,b)',
        "w=angle(a,b,b)", "w=distance()", "",
    ],
)  # fmt: skip
def test_what_is_no_measurement_is_refused(text) -> None:
    with pytest.raises(SettingsError, match="Write width=distance"):
        parse_measurement(text)
