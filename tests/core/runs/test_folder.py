"""One process on a run folder, requests to it, and what a full disk leaves."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medssl.errors import ModelError, SettingsError, StorageError
from medssl.runs import RunFolder
from medssl.runs.process import ProcessRecord

HOLD = (
    "import sys; from medssl.errors import SettingsError; from medssl.runs import RunFolder\n"
    "try:\n"
    "    with RunFolder(sys.argv[1]): print('got it', flush=True); sys.stdin.read()\n"
    "except SettingsError: print('refused', flush=True)"
)


def test_of_processes_that_come_at_once_one_gets_the_folder(tmp_path: Path) -> None:
    """Also where a killed one left its record."""
    ProcessRecord(os.getpid(), 1.0, ProcessRecord.of().host).write(tmp_path / "pid")
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(5)]
    try:
        said = sorted(str(process.stdout.readline()) for process in processes if process.stdout)
    finally:
        for process in processes:
            process.communicate("")
    assert said == ["got it\n"] + 4 * ["refused\n"]
    assert not (tmp_path / "pid").exists()


def test_the_second_names_the_first(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path),
        pytest.raises(SettingsError, match=str(os.getpid())),
        RunFolder(tmp_path),
    ):
        pass
    with RunFolder(tmp_path):
        pass


def test_requests_appear_and_are_withdrawn(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert not run.asked("stop")
    run.ask("stop")
    assert run.asked("stop")
    run.withdraw("stop")
    assert not run.asked("stop")
    run.withdraw("stop")


def test_requests_to_an_earlier_process_are_forgotten(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.ask("stop")
    run.ask("pause")
    old = time.time() - 1e6
    os.utime(tmp_path / "control" / "stop", (old, old))
    run.forget_old_requests()
    assert not run.asked("stop")
    assert run.asked("pause")


def test_a_lock_that_failed_on_a_full_disk_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process may live on, and try again when there is room."""

    def full(_path: Path, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        with pytest.raises(StorageError, match="Free some space"), RunFolder(tmp_path):
            pass
    with RunFolder(tmp_path):
        pass


def test_the_heartbeat_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medssl.runs.folder.HEARTBEAT_SECONDS", 0.01)
    with RunFolder(tmp_path) as run:
        os.utime(run.pid_file, (0, 0))
        deadline = time.monotonic() + 5
        while run.pid_file.stat().st_mtime == 0 and time.monotonic() < deadline:
            pass
        assert run.pid_file.stat().st_mtime > 1e9


def test_a_job_is_written_whole_and_read_back(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "new")
    assert run.read_job() is None
    run.write_job({"verb": "pretrain"})
    assert run.read_job() == {"verb": "pretrain"}
    assert [path.name for path in run.path.iterdir()] == ["job.json"]


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_a_damaged_job_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(ModelError, match=r"job\.json"):
        RunFolder(tmp_path).read_job()


def test_other_processes_than_the_first_write_nothing(tmp_path: Path) -> None:
    with RunFolder(tmp_path, writes=False) as run:
        run.event("log", message="x")
        run.write_job({})
        run.last_words("x")
    assert not list(tmp_path.iterdir())


def test_the_last_words_find_room_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing fails as long as what was reserved for them is there."""
    with RunFolder(tmp_path) as run:
        append = RunFolder._append

        def on_a_full_disk(self: RunFolder, text: str) -> None:
            if (tmp_path / ".reserve").exists():
                raise OSError(28, "No space left on device")
            append(self, text)

        monkeypatch.setattr(RunFolder, "_append", on_a_full_disk)
        with pytest.raises(StorageError, match="No space left"):
            run.event("metric", step=1)
        run.last_words("the disk is full", "Free some space.")
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "events.jsonl").open()]
    assert kinds == ["error", "state"]
