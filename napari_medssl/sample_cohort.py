"""A small cohort of phantoms to try the docks on, made once and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from medssl.progress import Progress
from napari_medssl.places import data_root

Kind = Literal["chest", "volume"]
_NUMBER: dict[Kind, int] = {"chest": 16, "volume": 6}
_VOLUME_SIZE = 72


def make_sample(kind: Kind, progress: Progress) -> Path:
    """Write the phantoms that are not there yet; give their folder.

    Raises
    ------
    medssl.errors.StorageError
        If the user's data folder cannot be written.
    """
    from medssl.io import write_image
    from medssl.phantom import make_chest, make_volume

    folder = data_root() / "samples" / f"{kind} phantoms"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(_NUMBER[kind]):
        progress(seed, _NUMBER[kind], "Making phantoms")
        path = folder / f"phantom_{seed + 1:02d}.nrrd"
        if not path.exists():
            phantom = make_chest(seed) if kind == "chest" else make_volume(seed, _VOLUME_SIZE)
            write_image(phantom.image, path)
    return folder
