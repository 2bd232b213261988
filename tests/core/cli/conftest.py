"""Run the command in this process, as a person would type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medssl.cli.entry import run


@dataclass(frozen=True)
class Outcome:
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[str]:
        """What medssl itself said on stderr, without progress."""
        return [line for line in self.stderr.splitlines() if line.startswith("medssl: ")]


@pytest.fixture
def medssl(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Call ``medssl`` with arguments."""

    def call(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return call


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small grey picture with structure."""
    y, x = np.mgrid[:60, :80]
    values = 120 + 60 * np.sin(x / 9) + 50 * np.cos(y / 7)
    path = tmp_path / "picture.png"
    Image.fromarray(values.astype(np.uint8)).save(path)
    return path
