"""What a viewer may show of a net while it learns: its embedding as colours, its clusters."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from medssl.devices import fast_dtype
from medssl.embed.levelwise import LevelwiseNet
from medssl.embed.net import memory_budget
from medssl.errors import MedsslError
from medssl.pretrain.colours import Colours
from medssl.pretrain.restored import restored_view
from medssl.runs import RunFolder
from medssl.views import DistortedViewSettings

if TYPE_CHECKING:
    from medssl.nets import DenseNet
    from medssl.prepare import Case

MOST_OF_THE_TIME = 0.05
"""Share of the training's time that previews may take."""
_FAILURES = (MedsslError, OSError, RuntimeError, ValueError, MemoryError)


class PreviewSettings(BaseModel):
    """What is shown of a training while it runs, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(default=True, description="Show how one image is seen by the net.")
    case: str | None = Field(
        default=None, description="Key of the image that is shown; empty: the first."
    )
    every_seconds: float = Field(
        default=20.0, gt=0, description="Time between two previews; more where they take long."
    )


class Preview:
    """Writes how the net sees one image into ``previews/`` of the run folder.

    The net is copied, nothing is drawn at random, and what fails is told in the events: with
    previews and without them a training is the same.

    Parameters
    ----------
    settings
        Which image, how often.
    cases
        The images of the training.
    folder
        The run folder.
    device
        Where the net runs.
    clock
        Seconds that only grow.
    views
        How the views of a training that restores images are made; None: it restores none.
    """

    def __init__(
        self,
        settings: PreviewSettings,
        cases: Sequence[Case],
        folder: RunFolder,
        device: torch.device,
        clock: Callable[[], float] = time.monotonic,
        views: DistortedViewSettings | None = None,
    ) -> None:
        self.folder = folder
        self.device = device
        self.views = views
        self.every_seconds = settings.every_seconds
        self._clock = clock
        self._due = clock()
        self._said: set[str] = set()
        self._case = next((case for case in cases if case.key == settings.case), cases[0])
        if settings.case is not None and self._case.key != settings.case:
            self._tell(f"there is no image {settings.case!r} in this training to show; the first")

    def update(self, net: DenseNet, step: int, at_once: bool = False) -> bool:
        """Write a preview if it is time for one, or `at_once`; tells whether it was."""
        begun = self._clock()
        if begun < self._due and not at_once:
            return False
        try:
            self._write(net, step)
        except _FAILURES as error:
            self._tell(f"no preview: {error}")
        took = self._clock() - begun
        self._due = self._clock() + max(self.every_seconds, took / MOST_OF_THE_TIME)
        return True

    def _write(self, net: DenseNet, step: int) -> None:
        place = self.folder.previews
        place.mkdir(parents=True, exist_ok=True)
        array = np.array(self._case.array, np.float16)
        copy = LevelwiseNet(net, self.device, fast_dtype(self.device), memory_budget(self.device))
        images = torch.from_numpy(array)[None]
        arrays: dict[str, NDArray[Any]] = {"image.npy": array.mean(0, dtype=np.float32)}
        arrays["image.npy"] = arrays["image.npy"].astype(np.float16)
        grids = {
            "grid": self._case.grid.to_dict(),
            "cells_grid": self._case.grid.cells(net.stride).to_dict(),
        }
        if net.architecture.clusters:
            embedding, shares = copy.embed_and_assign(images)
            arrays["clusters.npy"] = shares.argmax(0).to(torch.uint8).numpy()
        else:
            embedding = copy(images)
        colours = Colours.fit(embedding.numpy(), Colours.load(place))
        arrays["embedding.npy"] = colours.paint(embedding.numpy())
        if net.restorer is not None and self.views is not None:
            found, view = restored_view(net, array, self.views, self.device, self._case.grid)
            arrays |= {f"{name}.npy": values for name, values in found.items()}
            grids["view_grid"] = view.to_dict()
        for name, values in arrays.items():
            _save(place / name, values)
        colours.save(place)
        record = {
            "case": self._case.key,
            "step": step,
            **grids,
            "files": sorted(arrays),
        }
        partial = place / ".preview.json.part"
        partial.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        partial.replace(place / "preview.json")
        self.folder.event("preview", step=step, files=record["files"])

    def _tell(self, text: str) -> None:
        """Say a thing once; where even that cannot be written the training itself will tell."""
        if text in self._said:
            return
        self._said.add(text)
        try:
            self.folder.event("log", level="warning", message=text)
        except MedsslError:
            self._said.discard(text)


def _save(path: Path, values: NDArray[Any]) -> None:
    """Write an array that takes its name only when it is whole."""
    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        np.save(file, values)
    partial.replace(path)
