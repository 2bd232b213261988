"""0 done, 2 refused input with one clear line, 1 anything else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from medssl.cli import entry
from medssl.errors import Cancelled


def test_help_and_version_are_done(medssl: Callable) -> None:
    assert medssl("--help").code == 0
    assert medssl("evaluate", "landmarks", "--help").code == 0
    assert medssl("--version").stdout.startswith("medssl ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["pretrain", "nowhere", "--out", "run"], "nowhere"),
        (["info", "nowhere.nii"], "nowhere.nii"),
        (["landmarks", "x"], "--template"),
        (["pretrain", "x", "--out", "run", "--preset", "huge"], "huge"),
        (["embed", "x", "--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["landmarks", "x", "--template", "t", "--points", "a=1,2", "--out", "o.txt"], "o.txt"),
    ],
)
def test_refused_input_is_one_line_that_names_it(
    medssl: Callable,
    arguments: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = medssl(*arguments)
    assert outcome.code == 2
    assert len(outcome.lines) == 1
    assert named in outcome.lines[0]
    assert "Traceback" not in outcome.stderr


def test_empty_folder_is_refused(medssl: Callable, tmp_path: Path) -> None:
    outcome = medssl("embed", tmp_path)
    assert outcome.code == 2
    assert str(tmp_path) in outcome.lines[0]


@pytest.mark.parametrize("stop", [Cancelled(), KeyboardInterrupt()])
def test_stopping_is_not_done(
    stop: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr(entry, "app", stopped)
    assert entry.run([]) == 1
    assert "stopped" in capsys.readouterr().err


def test_unexpected_error_exits_with_1() -> None:
    code = (
        "import medssl.doctor, sys\n"
        "def broken(): raise RuntimeError('unforeseen')\n"
        "medssl.doctor.diagnose = broken\n"
        "sys.argv = ['medssl', 'doctor']\n"
        "from medssl.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "unforeseen" in done.stderr
