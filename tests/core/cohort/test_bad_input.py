"""What goes wrong on the way in is told, the rest is kept, and nothing is half-written."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from PIL import Image

from medssl.cohort import (
    DATABASE,
    Cohort,
    CohortLockedError,
    CohortStorageError,
    CohortVersionError,
    LandmarkExistsError,
    connections,
)
from medssl.cohort.adding import add_images
from medssl.cohort.checking import check_cohort
from medssl.cohort.exporting import export_points, export_points_table, export_segmentations
from medssl.cohort.masks_in import add_masks
from medssl.cohort.tables_in import add_points_table
from medssl.errors import MedsslError
from medssl.io import Segmentation, read_landmarks_csv

NOBODY = 65534
IMPORT = """
import sys
from pathlib import Path
from medssl.cohort import Cohort
from medssl.cohort.adding import add_images
def tell(done, total, name):
    print(done, flush=True)
with Cohort.open(sys.argv[1]) as cohort:
    add_images(cohort, [Path(sys.argv[2])], copy=True, progress=tell)
"""


def films_in(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        values = np.random.default_rng(number).integers(0, 255, (12, 16)).astype(np.uint8)
        Image.fromarray(values).save(folder / f"film {number:02d}.png")
    return folder


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return films_in(tmp_path / "films", 3)


@pytest.fixture
def cohort(tmp_path: Path) -> Iterator[Cohort]:
    with Cohort.create(tmp_path / "chest") as cohort:
        yield cohort


@pytest.fixture
def locked(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A connection of another program that can hold the cohort."""
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(cohort.path / DATABASE, isolation_level=None)
    yield other
    other.close()


def test_an_import_into_a_locked_cohort_says_so_and_blames_no_image(
    cohort: Cohort, films: Path, locked: sqlite3.Connection
) -> None:
    locked.execute("BEGIN IMMEDIATE")
    with pytest.raises(CohortLockedError, match="repeat the last action"):
        add_images(cohort, [films])
    locked.execute("ROLLBACK")
    assert cohort.cases() == []
    again = add_images(cohort, [films])
    assert (len(again.added), again.problems) == (3, [])


def test_masks_into_a_locked_cohort_are_no_bad_masks(
    cohort: Cohort, films: Path, locked: sqlite3.Connection, tmp_path: Path
) -> None:
    add_images(cohort, [films])
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(np.eye(12, 16, dtype=np.uint8)).save(masks / "film 00__lung.png")
    locked.execute("BEGIN IMMEDIATE")
    with pytest.raises(CohortLockedError):
        add_masks(cohort, masks)
    locked.execute("ROLLBACK")
    assert add_masks(cohort, masks).taken == 1


def test_a_table_that_is_stopped_halfway_leaves_nothing(
    cohort: Cohort, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_images(cohort, [films])
    table = tmp_path / "points.csv"
    table.write_text(
        "image,landmark,x,y,source\nfilm 00.png,carina,1,2,manual\n"
        "film 01.png,carina,1,2,predicted\n"
    )

    def gone(*_: object) -> None:
        raise CohortStorageError(cohort.path, "the drive is gone", "Connect it.")

    with monkeypatch.context() as patch:
        patch.setattr(Cohort, "meet_points", gone)
        with pytest.raises(CohortStorageError):
            add_points_table(cohort, table)
    assert cohort.landmarks() == []
    assert cohort.points(kind="all") == []
    assert (cohort.runs(), cohort.next_undo()) == ([], None)
    assert add_points_table(cohort, table).taken == 2
    assert (cohort.undo(), cohort.undo()) == (
        "take 1 points from points.csv",
        "add landmark carina",
    )


def test_a_part_that_fails_leaves_the_rest_of_the_whole(cohort: Cohort) -> None:
    with cohort.together():
        cohort.add_landmark("carina")
        with pytest.raises(LandmarkExistsError):
            _add_two(cohort)
        cohort.add_landmark("hilum")
    assert [landmark.name for landmark in cohort.landmarks()] == ["carina", "hilum"]
    assert cohort.undo() == "add landmark hilum"


def _add_two(cohort: Cohort) -> None:
    with cohort.together():
        cohort.add_landmark("apex")
        cohort.add_landmark("carina")


def test_a_locked_cohort_is_not_opened_and_opens_later(
    cohort: Cohort, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort.close()
    monkeypatch.setenv("MEDSSL_COHORT_JOURNAL", "rollback")
    Cohort.open(cohort.path).close()
    locked.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CohortLockedError, match=r"chest\.medssl.*close the other program"):
        Cohort.open(cohort.path)
    locked.execute("ROLLBACK")
    Cohort.open(cohort.path).close()


@pytest.mark.skipif(sys.platform == "win32", reason="folders are made read-only by their mode")
@pytest.mark.parametrize("what", ["folder and file", "file", "unreadable"])
def test_a_really_read_only_cohort_says_what_to_do(what: str) -> None:
    place = Path(mkdtemp(prefix="medssl-"))  # the folders of pytest are closed to other users
    place.chmod(0o755)
    with Cohort.create(place / "chest") as cohort:
        cohort.add_landmark("carina")
    before = (cohort.path / DATABASE).read_bytes()
    for file in cohort.path.iterdir():
        file.chmod(0 if what == "unreadable" else 0o444)
    cohort.path.chmod(0o555 if what == "folder and file" else 0o777)
    says = "write to the folder" if what == "unreadable" else "Copy the folder to a place"
    assert says in _as_nobody(lambda: Cohort.open(cohort.path).add_landmark("apex"))
    assert (cohort.path / DATABASE).read_bytes() == before
    cohort.path.chmod(0o755)


def _as_nobody(act: Callable[[], object]) -> str:
    """Act as a user without rights; give what was said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = b"it worked"
        try:
            if os.getuid() == 0:
                os.setuid(NOBODY)
            act()
        except CohortStorageError as error:
            said = str(error).encode()
        except BaseException as error:  # noqa: BLE001 - told to the test
            said = repr(error).encode()
        os.write(writing, said)
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read().decode()


def test_a_newer_cohort_keeps_every_byte(cohort: Cohort) -> None:
    cohort.add_landmark("carina")
    cohort.close()
    with sqlite3.connect(cohort.path / DATABASE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = {file.name: file.read_bytes() for file in cohort.path.iterdir()}
    with pytest.raises(CohortVersionError, match="pip install -U napari-medssl"):
        Cohort.open(cohort.path)
    assert {file.name: file.read_bytes() for file in cohort.path.iterdir()} == before


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a kill that nothing hears is Unix's")
@pytest.mark.parametrize("moment", [1, 20, 40])
def test_an_import_that_is_killed_leaves_whole_cases_and_goes_on(
    tmp_path: Path, moment: int
) -> None:
    films = films_in(tmp_path / "films", 50)
    Cohort.create(tmp_path / "chest").close()
    path = tmp_path / "chest.medssl"
    job = subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(path), str(films)], stdout=subprocess.PIPE, text=True
    )
    assert job.stdout is not None
    for _ in range(moment):
        job.stdout.readline()
    job.kill()
    job.wait()
    with Cohort.open(path) as cohort:
        assert cohort.integrity() == []
        there = cohort.cases()
        assert len(there) < 50
        for case in there:
            assert case.source().read().grid == case.grid
        copies = {case.path.parent for case in there}
        found = check_cohort(cohort)
        assert found.is_well
        assert set(found.unused) == set((path / "images").glob("*")) - copies
        again = add_images(cohort, [films], copy=True)
        assert (again.known, len(again.added)) == (len(there), 50 - len(there))
        assert [copy for copy in check_cohort(cohort).unused if ".part-" not in copy.name] == []


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux")
def test_a_name_in_no_known_alphabet_is_told_and_the_others_go_on(
    cohort: Cohort, films: Path
) -> None:
    old = os.fsencode(films) + b"/caf\xe9.png"
    os.rename(films / "film 02.png", old)  # noqa: PTH104 - a name of bytes
    added = add_images(cohort, [films])
    assert len(added.added) == 2
    (problem,) = added.problems
    assert "caf\\xe9.png" in problem.message
    assert "Rename it" in problem.message
    problem.message.encode()
    str(problem.path).encode()


def test_names_with_anything_in_them_go_out_and_come_back(cohort: Cohort, films: Path) -> None:
    names = ('it\'s, a "film".png', "気管 الصدر;1.png", "=SUM(A1).png")
    for number, name in enumerate(names):
        (films / f"film {number:02d}.png").rename(films / name)
    add_images(cohort, [films])
    landmarks = ('say "ah", then', "気管\nبifurcation", "a;b", "Ångström")
    for landmark in landmarks:
        cohort.add_landmark(landmark)
    for number, name in enumerate(names):
        for landmark in landmarks:
            cohort.set_point(name, landmark, (number, 3), None, "manual", author="A, B")
    out = cohort.path.parent / "out"
    (table,) = export_points_table(cohort, out / "points.csv").files
    again = add_points_table(cohort, table)
    assert (again.same, again.taken, again.problems) == (12, 0, ())
    assert len(cohort.landmarks()) == 4
    written = export_points(cohort, out, "mrk.json", ".mrk.json")
    assert (len(written.files), written.count, written.problems) == (3, 12, [])
    assert all(file.is_file() and file.parent == out for file in written.files)


def test_a_line_break_in_a_name_is_a_space_everywhere(cohort: Cohort, films: Path) -> None:
    add_images(cohort, [films])
    table = films.parent / "points.csv"
    table.write_bytes(b'image,landmark,x,y\r\nfilm 00.png,"main\r\ncarina",1,2\r\n')
    assert [row.line for row in read_landmarks_csv(table)] == [3]
    add_points_table(cohort, table)
    assert [landmark.name for landmark in cohort.landmarks()] == ["main carina"]
    table.write_text("image,landmark,x,y\nfilm 01.png,\x00,1,2\nfilm 01.png, main carina,1,2\n")
    read = add_points_table(cohort, table)
    assert (read.taken, read.problems) == (1, ("line 2: the landmark has no name",))


def test_the_same_landmark_written_in_two_ways_is_one(cohort: Cohort, films: Path) -> None:
    add_images(cohort, [films])
    cohort.add_landmark("H\N{LATIN SMALL LETTER U WITH DIAERESIS}fte")
    table = films.parent / "points.csv"
    table.write_text("image,landmark,x,y\nfilm 00.png,Hu\N{COMBINING DIAERESIS}fte,1,2\n", "utf-8")
    assert add_points_table(cohort, table).taken == 1
    assert len(cohort.landmarks()) == 1


def test_without_the_drive_all_goes_out_that_needs_no_image(cohort: Cohort, films: Path) -> None:
    add_images(cohort, [films])
    cohort.add_landmark("carina")
    keys = [case.key for case in cohort.cases()]
    for key in keys:
        cohort.set_point(key, "carina", (1, 2), None, "manual")
    mask = Segmentation.from_masks({"lung": np.eye(12, 16)}, cohort.case(keys[0]).grid)
    cohort.set_segmentation(keys[0], "lung", mask)
    films.rename(films.with_name("away"))
    assert len(cohort.overview()) == 3
    out = films.parent / "out"
    assert export_points_table(cohort, out / "a.csv").count == 3
    assert export_points(cohort, out, "mrk.json", ".mrk.json").count == 3
    for kind, ending in (("nifti", ".nii.gz"), ("nrrd", ".nrrd"), ("seg.nrrd", ".seg.nrrd")):
        assert export_segmentations(cohort, out, kind, ending).count == 1
    with pytest.raises(MedsslError, match=r"not one of 3 files was written: film 00: .*film 00"):
        export_points(cohort, out, "sr", ".sr.dcm")
    table = out / "more.csv"
    table.write_text("image,landmark,x,y\nfilm 01.png,apex,3,4\n")
    assert add_points_table(cohort, table).taken == 1
