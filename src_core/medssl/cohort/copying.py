"""Copies of images in the folder of a cohort."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from medssl.cohort.errors import CohortStorageError
from medssl.cohort.places import IMAGES
from medssl.io.sources import ImageSource
from medssl.prepare.fingerprint import with_data_files


def copy_image(folder: Path, source: ImageSource, fingerprint: str) -> ImageSource:
    """Copy the files of an image into a cohort's folder; they appear there all or not at all.

    Raises
    ------
    CohortStorageError
        If there is no room, or the folder cannot be written.
    """
    target = folder / IMAGES / fingerprint
    base = source.path if len(source.files) > 1 else source.path.parent
    files = source.files or (source.path,)
    if not target.exists():
        _copy(with_data_files(files), base, target)
    moved = tuple(target / _inside(file, base) for file in files)
    return replace(source, path=target if len(files) > 1 else moved[0], files=moved)


def _copy(files: list[Path], base: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".part-", dir=target.parent) as part:
            draft = Path(part) / target.name
            for file in files:
                copy = draft / _inside(file, base)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, copy)
                with copy.open("rb+") as opened:
                    os.fsync(opened.fileno())
            draft.rename(target)
    except OSError as error:
        raise CohortStorageError(
            target,
            f"the image cannot be copied ({error.strerror or error})",
            "Free some space on the disk, or add the images without copying them.",
        ) from error


def _inside(file: Path, base: Path) -> Path:
    return file.relative_to(base) if file.is_relative_to(base) else Path(file.name)
