"""What a person chose, and what the window knows of the images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from napari_medssl.engine import Where
from napari_medssl.places import images_folder

if TYPE_CHECKING:
    from medssl.io import Problem

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Images:
    """Images to learn from.

    Parameters
    ----------
    where
        Folder or files.
    count
        How many can be read.
    ndim
        Pictures (2) or volumes (3).
    shapes
        Sizes of some of them.
    problems
        What cannot be read.
    """

    where: Where
    count: int
    ndim: int
    shapes: tuple[tuple[int, ...], ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """Name for the chip."""
        return images_folder(self.where).name

    @property
    def paths(self) -> tuple[str, ...]:
        """Folder or files as a request names them."""
        where = [self.where] if isinstance(self.where, Path) else self.where
        return tuple(str(path) for path in where)


@dataclass(frozen=True)
class Choice:
    """Everything that a person chose for a training.

    Parameters
    ----------
    recipe, preset
        Method and effort.
    device
        Where to compute.
    expert
        Settings of the expert section that a person set; the others follow from the preset.
    preview
        The same for what is shown while it learns.
    """

    recipe: str = "ld"
    preset: str = "quick"
    device: str = "auto"
    expert: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    preview: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    def settings(self, images: Images) -> dict[str, Any]:
        """Give the values of `medssl.pretrain.PretrainSettings`."""
        chosen = {"recipe": self.recipe, "preset": self.preset, "device": self.device}
        return {**chosen, "ndim": images.ndim, **self.expert}


@dataclass(frozen=True)
class Device:
    """A device to compute on: its key in the settings, and name and memory in words."""

    key: str
    words: str


@dataclass(frozen=True)
class Outlook:
    """What a training will take, in words.

    Parameters
    ----------
    words
        Time, memory and disk in one line.
    notes
        What to know of it; shown on hover.
    fits
        Whether memory and disk are enough.
    """

    words: str
    notes: str = ""
    fits: bool = True
