"""Where the cohort folder of a set of images lies: found again next time, always writable."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medssl.errors import StorageError

if TYPE_CHECKING:
    from medssl.cohort import Cohort

ENVIRONMENT_VARIABLE = "MEDSSL_DATA"
_INITIALS = "initials.txt"
_LOG = logging.getLogger(__name__)


def data_root() -> Path:
    """Folder for what belongs to the user and to no image folder: ``$MEDSSL_DATA`` or their own."""
    given = os.environ.get(ENVIRONMENT_VARIABLE)
    if given:
        return Path(given)
    if os.name == "nt":
        return Path(os.environ.get("APPDATA", Path.home())) / "napari-medssl"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "napari-medssl"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "napari-medssl"


def kept_initials() -> str:
    """Give the initials of the person who works here; empty where they are not known."""
    try:
        return (data_root() / _INITIALS).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def keep_initials(initials: str) -> None:
    """Remember the initials for the next time; where that cannot be, they hold for this time."""
    try:
        data_root().mkdir(parents=True, exist_ok=True)
        (data_root() / _INITIALS).write_text(initials, encoding="utf-8")
    except OSError as error:
        _LOG.warning("the initials cannot be remembered: %s", error)


def images_folder(where: Path | Sequence[Path]) -> Path:
    """Folder that stands for the images: the folder itself, or the one that the files share."""
    if isinstance(where, Path):
        return (where if where.is_dir() else where.parent).resolve()
    parents = [str((p if p.is_dir() else p.parent).resolve()) for p in where]
    return Path(os.path.commonpath(parents))


def cohort_places(where: Path | Sequence[Path]) -> tuple[Path, Path]:
    """Where a cohort folder may lie: beside the images, and in the user's data folder."""
    folder = images_folder(where)
    name = folder.name or "images"
    mark = hashlib.blake2b(str(folder).encode(), digest_size=4).hexdigest()
    return folder.parent / f"{name}.medssl", data_root() / "cohorts" / f"{name}-{mark}.medssl"


def open_cohort(where: Path | Sequence[Path]) -> Cohort:
    """Open the cohort of these images, or make it where it can be written.

    Raises
    ------
    medssl.errors.MedsslError
        If a cohort that is there cannot be opened, or none can be made in either place.
    """
    from medssl.cohort import DATABASE, Cohort

    beside, own = cohort_places(where)
    for place in (beside, own):
        if (place / DATABASE).exists():
            return Cohort.open(place)
    try:
        return Cohort.create(beside)
    except StorageError:
        return Cohort.create(own)
