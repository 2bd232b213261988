"""Images made in memory, and sources that count how often they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io.image import Image


@dataclass
class CountingSource:
    """Stands for an ImageSource: a .npy file, counted at each reading."""

    path: Path
    key: str
    grid: Grid | None = None
    reads: list[str] = field(default_factory=list)
    number: int | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.path,)

    def read(self) -> Image:
        self.reads.append(self.key)
        try:
            array = np.load(self.path)
        except (ValueError, EOFError) as error:
            raise FileRefusedError(self.path, "it is truncated", "Copy it again.") from error
        grid = self.grid or Grid.create(array.shape)
        return Image(array, grid, "yx" if array.ndim == 2 else "zyx", self.name, self.path)


@pytest.fixture
def make_source(tmp_path: Path) -> Callable[..., CountingSource]:
    def make(key: str, array: np.ndarray, grid: Grid | None = None) -> CountingSource:
        path = tmp_path / "images" / f"{key}.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, array)
        return CountingSource(path, key, grid)

    return make
