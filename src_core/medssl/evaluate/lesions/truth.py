"""Which masks tell where the lesions of a class are: for scoring only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.lesions.labels import LESION, LesionLabels
from medssl.prepare import Case
from medssl.transfer import MaskFiles, find_masks

_PREFIX = "has_"


@dataclass(frozen=True)
class LesionTruth:
    """Masks of lesions.

    Parameters
    ----------
    files
        Where they are.
    parts
        Of each block (``lesion``, and each class) the structures that show it.
    """

    files: MaskFiles
    parts: dict[str, tuple[str, ...]]

    def mask(self, case: Case, block: str) -> NDArray[np.bool_] | None:
        """Return what a block's lesions cover on the image's own grid; None where nothing is known.

        Raises
        ------
        FileRefusedError
            If a mask does not fit its image.
        """
        chosen = [self.files.names.index(name) for name in self.parts[block]]
        if not self.files.known(case)[chosen].any():
            return None
        whole = np.asarray(self.files.read(case)[chosen].any(axis=0), np.bool_)
        return whole if whole.any() else None


def open_truth(folder: str | Path, cases: Sequence[Case], labels: LesionLabels) -> LesionTruth:
    """Find the masks of images.

    A class is shown by the structure of its name (``has_`` before it does not count), where masks
    of structures have such names; else by all masks there are.

    Raises
    ------
    FileRefusedError
        If the folder holds no mask of any of the images.
    """
    files = find_masks(folder, cases)
    named = {name: _structures(name, files.names) for name in labels.classes}
    own = tuple(dict.fromkeys(part for parts in named.values() for part in parts))
    parts = {name: found or own or files.names for name, found in named.items()}
    return LesionTruth(files, {LESION: own or files.names} | parts)


def _structures(name: str, structures: Sequence[str]) -> tuple[str, ...]:
    wanted = {name.lower(), name.lower().removeprefix(_PREFIX)}
    return tuple(one for one in structures if one.lower() in wanted)
