"""States of the Segmentation dock on small films, without a window."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from medssl.cohort import Cohort
from medssl.io import Image, write_image
from medssl.runs import RunFolder
from napari_medssl.segmenting import Segmenter
from tests.plugin.conftest import Inline

ORGAN = "organ 1"
IMAGES = 5


@dataclass
class Threads:
    """Every task runs at once."""

    disk: Any = field(default_factory=Inline)
    importing: Any = field(default_factory=Inline)
    display: Any = field(default_factory=Inline)
    work: Any = field(default_factory=Inline)
    quick: Any = field(default_factory=Inline)
    learning: Any = field(default_factory=Inline)


class Later:
    """Tasks wait until they are told to run, as they do behind a window."""

    def __init__(self) -> None:
        self._inline, self._waiting = Inline(), []

    def submit(self, *task: Any) -> None:
        self._waiting.append(task)

    def run(self) -> None:
        while self._waiting:
            self._inline.submit(*self._waiting.pop(0))

    def cancel(self) -> None:
        """Nothing runs meanwhile."""


def truth(state: Segmenter, key: str) -> np.ndarray:
    from medssl.io.reading import read_image

    folder = state.path.parent / "masks"
    return read_image(folder / key).array > 0


def pick(state: Segmenter, mask: np.ndarray) -> None:
    """Pick all clusters that lie in a mask of the current image, as clicks would."""
    from medssl.prepare.maps import to_working

    shown, grid = state.map
    inside = to_working(mask[None], state.grid, grid)[0] > 0.5
    state.set_level(state.tree.count)
    for cluster in np.unique(shown):
        if inside[shown == cluster].mean() > 0.5:
            state.put_in(int(cluster))


def stored(state: Segmenter, kind: str = "effective") -> dict[str, Any]:
    with Cohort.open(state.path) as cohort:
        return {one.case_key: one for one in cohort.segmentations(name=ORGAN, kind=kind)}


def finish(run: Path, keys: list[str], learned: list[str], masks: dict[str, np.ndarray]) -> None:
    """Write what the job would write."""
    from medssl.geometry import Grid

    for key in keys:
        array = masks[key].astype(np.uint8)
        write_image(Image(array, Grid.create(array.shape), "yx"), run / "predicted" / key)
    lines = [f"{key},{ORGAN},1,9,px,{int(key in learned)}" for key in keys]
    head = "image,structure,value,size,unit,learned_from"
    (run / "predicted.csv").write_text("\n".join([head, *lines]), encoding="utf-8")
    RunFolder(run).state("done")
