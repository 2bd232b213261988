"""A folder that cannot be used is refused with its name and what to do."""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from medssl.cohort import (
    DATABASE,
    Cohort,
    CohortDamagedError,
    CohortError,
    CohortLockedError,
    CohortStorageError,
    CohortVersionError,
    NotACohortError,
    connections,
    schema,
)
from medssl.errors import SettingsError, StorageError
from medssl.geometry import Grid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Cohort.create(tmp_path / "chest.medssl") as cohort:
        cohort.add_case("a.png", "/images/a.png", "fa", Grid.create((100, 80)))
        cohort.add_landmark("carina")
        cohort.set_point("a.png", "carina", (1, 2), None, "manual")
    return cohort.path


def test_what_is_no_cohort_is_refused(tmp_path: Path, folder: Path) -> None:
    for wrong in (tmp_path, tmp_path / "absent", folder / DATABASE):
        with pytest.raises(NotACohortError, match=r"Choose a cohort's folder"):
            Cohort.open(wrong)


def test_a_cohort_is_never_made_over_another(folder: Path) -> None:
    with pytest.raises(CohortError, match="already"):
        Cohort.create(folder)
    with Cohort.open(folder) as cohort:
        assert len(cohort.points()) == 1


def test_a_newer_schema_is_refused_and_left_alone(folder: Path) -> None:
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(CohortVersionError, match=r"schema 99.*Update"):
        Cohort.open(folder)


def test_an_older_schema_is_brought_up_to_date(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = (*schema.MIGRATIONS, ("ALTER TABLE cases ADD COLUMN ward TEXT",))
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    with Cohort.open(folder) as cohort:
        assert len(cohort.points()) == 1
    with sqlite3.connect(folder / DATABASE) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)
        connection.execute("SELECT ward FROM cases")
    connection.close()


def test_a_migration_that_fails_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = ("ALTER TABLE cases ADD COLUMN ward TEXT", "SELECT nonsense")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        with pytest.raises(sqlite3.OperationalError):
            Cohort.open(folder)
    with Cohort.open(folder) as cohort:
        assert len(cohort.points()) == 1


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.medssl"
    other.mkdir()
    with sqlite3.connect(other / DATABASE) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    with pytest.raises(NotACohortError, match="another program"):
        Cohort.open(other)


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "overwritten"])
def test_a_damaged_database_is_refused(folder: Path, damage: str) -> None:
    file = folder / DATABASE
    whole = file.read_bytes()
    content = {
        "text": b"this is a letter, not a database. " * 200,
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "overwritten": whole[:4096] + b"\xff" * 8192 + whole[12288:],
    }[damage]
    file.write_bytes(content)
    with pytest.raises(CohortDamagedError, match=r"chest\.medssl.*backup"):
        Cohort.open(folder)
    assert file.read_bytes() == content


def test_an_interrupted_creation_can_be_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "chest.medssl"
    folder.mkdir()
    (folder / DATABASE).touch()
    with Cohort.create(folder) as cohort:
        assert cohort.cases() == []


def test_a_locked_database_says_so_and_works_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(folder / DATABASE, isolation_level=None)
    with Cohort.open(folder) as cohort:
        other.execute("BEGIN IMMEDIATE")
        assert len(cohort.points()) == 1
        with pytest.raises(CohortLockedError, match="Nothing is lost"):
            cohort.set_point("a.png", "carina", (3, 4), None, "corrected")
        other.execute("ROLLBACK")
        cohort.set_point("a.png", "carina", (3, 4), None, "corrected")
        assert cohort.points()[0].point_vox == (3.0, 4.0)
    other.close()


def test_a_read_only_database_says_so(folder: Path) -> None:
    with Cohort.open(folder) as cohort:
        with cohort._db.read() as connection:
            connection.execute("PRAGMA query_only = ON")
        with pytest.raises(CohortStorageError, match="Copy the folder"):
            cohort.set_point("a.png", "carina", (3, 4), None, "corrected")
        assert len(cohort.points()) == 1


def test_a_full_disk_keeps_what_was_saved(folder: Path) -> None:
    with Cohort.open(folder) as cohort:
        with cohort._db.read() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match="Free some space"):
            _click_until_refused(cohort)
        with cohort._db.read() as connection:
            connection.execute("PRAGMA max_page_count = 100000")
        assert len(cohort.points()) == 1
        cohort.set_point("a.png", "carina", (5, 6), None, "corrected")
    with Cohort.open(folder) as cohort:
        assert cohort.points()[0].point_vox == (5.0, 6.0)


def _click_until_refused(cohort: Cohort) -> None:
    for _ in range(1000):
        cohort.set_point("a.png", "carina", (3, 4), None, "corrected")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Choose a folder that you may write to"):
        Cohort.create(tmp_path / "file" / "chest")


@pytest.mark.skipif(sys.platform == "win32", reason="unix-dotfile is a locking method of Unix")
def test_a_drive_without_write_ahead_log_gets_a_rollback_journal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    uri = connections._existing
    monkeypatch.setattr(connections, "_existing", lambda path: uri(path) + "&vfs=unix-dotfile")
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    with caplog.at_level(logging.WARNING), Cohort.open(folder) as cohort:
        cohort.set_point("a.png", "carina", (3, 4), None, "corrected")
        with cohort._db.read() as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert "rollback journal" in caplog.text


@pytest.mark.parametrize(
    ("kind", "mode"), [("nfs4", "delete"), ("cifs", "delete"), ("ext4", "wal")]
)
def test_a_network_drive_gets_a_rollback_journal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, mode: str
) -> None:
    drives = [
        SimpleNamespace(mountpoint="/", fstype="ext4", opts="rw"),
        SimpleNamespace(mountpoint=str(folder.parent.resolve()), fstype=kind, opts="rw"),
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: drives)
    with Cohort.open(folder) as cohort:
        cohort.set_point("a.png", "carina", (3, 4), None, "corrected")
        with cohort._db.read() as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert len(cohort.points()) == 1


def test_the_journal_can_be_chosen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSSL_COHORT_JOURNAL", "rollback")
    with Cohort.open(folder) as cohort, cohort._db.read() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    monkeypatch.setenv("MEDSSL_COHORT_JOURNAL", "paper")
    with pytest.raises(SettingsError, match="wal or rollback"):
        Cohort.open(folder)


def test_every_commit_is_synced_and_every_reference_checked(folder: Path) -> None:
    with Cohort.open(folder) as cohort, cohort._db.read() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_connections_of_threads_that_ended_are_closed(folder: Path) -> None:
    with Cohort.open(folder) as cohort:
        for _ in range(20):
            thread = threading.Thread(target=cohort.points)
            thread.start()
            thread.join()
        assert len(cohort._db._by_thread) <= 2
