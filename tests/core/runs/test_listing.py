"""The list of runs, and what may be deleted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medssl.errors import FileRefusedError, SettingsError
from medssl.runs import RunFolder, delete_run, list_runs, runs_root
from medssl.runs.process import ProcessRecord

SETTINGS = {"recipe": "ld", "preset": "quick"}


def make_run(root: Path, name: str, state: str = "done", **job: object) -> Path:
    run = RunFolder(root / name)
    request = {"name": f"my {name}", "settings": SETTINGS}
    run.write_job({"format": 1, "verb": "pretrain", "created": 1.0, "request": request} | job)
    run.state(state)  # type: ignore[arg-type]
    return run.path


def test_newest_first_with_what_a_person_wants_to_know(tmp_path: Path) -> None:
    make_run(tmp_path, "a", created=1.0)
    make_run(tmp_path, "b", created=3.0, inputs=[{}, {}])
    make_run(tmp_path, "c", created=2.0)
    runs = list_runs(tmp_path)
    assert [run.id for run in runs] == ["b", "c", "a"]
    assert (runs[0].name, runs[0].method, runs[0].images) == ("my b", "LD quick", 2)
    assert (runs[0].verb, runs[0].status.state) == ("pretrain", "done")


@pytest.mark.parametrize("text", ["{", "[]", "\x00\xff", '{"request": 3, "created": "x"}', ""])
def test_a_damaged_run_is_listed(tmp_path: Path, text: str) -> None:
    path = make_run(tmp_path, "a")
    (path / "job.json").write_text(text)
    (run,) = list_runs(tmp_path)
    assert run.path == path
    if not text.startswith('{"'):
        assert run.status.state == "failed"
        assert "job.json" in run.status.message


def test_other_folders_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    make_run(tmp_path / ".queue", "x")
    assert list_runs(tmp_path) == []
    assert list_runs(tmp_path / "nowhere") == []


def test_the_root_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSSL_RUNS", str(tmp_path))
    assert runs_root() == tmp_path
    monkeypatch.delenv("MEDSSL_RUNS")
    assert runs_root().name == "runs"


def test_a_run_is_deleted_whole(tmp_path: Path) -> None:
    path = make_run(tmp_path, "a")
    (path / "model").mkdir()
    delete_run(path)
    assert not path.exists()


def test_an_active_run_is_not_deleted(tmp_path: Path) -> None:
    path = make_run(tmp_path, "a", state="running")
    ProcessRecord.of().write(path / "pid")
    with pytest.raises(SettingsError, match="Stop it first"):
        delete_run(path)
    assert path.exists()


def test_a_run_whose_process_still_leaves_is_not_deleted(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as run:
        run.state("stopped")
        with pytest.raises(SettingsError, match="active"):
            delete_run(run.path)
    delete_run(run.path)
    assert not run.path.exists()


def test_a_folder_that_is_no_run_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    with pytest.raises(FileRefusedError):
        delete_run(tmp_path / "thesis")
    assert (tmp_path / "thesis").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    path = make_run(tmp_path, "a")
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(FileRefusedError):
        delete_run(link)
    (path / "inside").symlink_to(precious)
    delete_run(path)
    assert (precious / "data").read_text() == "mine"


def test_the_viewer_side_needs_no_torch() -> None:
    code = "import sys, medssl.runs; print('torch' in sys.modules or 'pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_listing_a_hundred_runs_is_quick(tmp_path: Path) -> None:
    for number in range(100):
        make_run(tmp_path, f"run{number:03d}")
    begun = time.perf_counter()
    assert len(list_runs(tmp_path)) == 100
    assert time.perf_counter() - begun < 2


def test_a_run_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    make_run(tmp_path, "a")
    path = make_run(tmp_path, "b")
    (path / "events.jsonl").write_bytes(os.urandom(10_000))
    (path / "pid").write_text(json.dumps([1, 2]))
    assert [run.id for run in list_runs(tmp_path)] == ["b", "a"]
