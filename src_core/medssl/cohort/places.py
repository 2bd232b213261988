"""Where the files of a cohort lie: within its folder by relative names, elsewhere by whole ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

IMAGES = "images"
SEGMENTATIONS = "segmentations"


def stored_path(folder: Path, path: str | Path) -> str:
    """Write a path so that a cohort that is moved as a whole still finds its own files."""
    whole = Path(path).absolute()
    if whole.is_relative_to(folder):
        return whole.relative_to(folder).as_posix()
    return str(whole)


def real_path(folder: Path, text: str) -> Path:
    """Read what `stored_path` wrote."""
    return folder / text


def stored_files(path: Path, files: Sequence[Path]) -> str:
    """Write the files of a folder's image by their names; empty where it is one file alone."""
    folder = path.absolute()
    whole = [file.absolute() for file in files]
    if not whole or whole == [folder]:
        return ""
    inside = all(file.is_relative_to(folder) for file in whole)
    return json.dumps([str(file.relative_to(folder)) if inside else str(file) for file in whole])


def real_files(path: Path, text: str) -> tuple[Path, ...]:
    """Read what `stored_files` wrote, for the image at `path` now."""
    return tuple(path / name for name in json.loads(text)) if text else ()
