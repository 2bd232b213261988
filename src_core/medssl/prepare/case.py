"""Prepared images in the cache, and a cohort of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.prepare.cache import CachedArray
from medssl.prepare.settings import PrepareSettings

if TYPE_CHECKING:
    from medssl.io import Problem

_Case = TypeVar("_Case")


@dataclass(frozen=True)
class Case:
    """One image of a cohort, prepared and cached.

    Parameters
    ----------
    key
        Unique within the cohort.
    name
        Short name to show.
    path
        File or folder of the image.
    cached
        Where the prepared array lies.
    grid
        Working grid.
    source_grid
        Grid of the image as it was read (of its plane, for a volume of a single slice).
    fingerprint
        Hash of the content of the files.
    warnings
        What a person must know about this image.
    modality
        DICOM's modality code, or ``""``.
    """

    key: str
    name: str
    path: Path
    cached: CachedArray
    grid: Grid
    source_grid: Grid
    fingerprint: str
    warnings: tuple[str, ...] = ()
    modality: str = ""

    @property
    def array(self) -> np.memmap[Any, Any]:
        """Prepared values ``(C, *spatial)``, float16, 0 to 1, mapped anew at each access."""
        return self.cached.open()

    def source_to_working(self, point_vox: ArrayLike) -> NDArray[np.float64]:
        """Map points ``(..., ndim)`` in source voxels to working voxels, through the world."""
        return self.grid.world_to_voxel(self.source_grid.voxel_to_world(point_vox))

    def working_to_source(self, point_vox: ArrayLike) -> NDArray[np.float64]:
        """Map points ``(..., ndim)`` in working voxels to source voxels, through the world."""
        return self.source_grid.world_to_voxel(self.grid.voxel_to_world(point_vox))


@dataclass(frozen=True)
class PreparedCohort:
    """Images that are ready to be trained on and searched.

    Parameters
    ----------
    cases
        The images, in the order of the listing.
    settings
        The settings with nothing left open.
    problems
        Files that could not be used, and why.
    """

    cases: tuple[Case, ...]
    settings: PrepareSettings
    problems: tuple[Problem, ...] = ()
    _by_key: dict[str, Case] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_unique([case.key for case in self.cases])
        object.__setattr__(self, "_by_key", {case.key: case for case in self.cases})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person must know about the images: each warning once, with whom it is about."""
        keys: dict[str, list[str]] = {}
        for case in self.cases:
            for warning in dict.fromkeys(case.warnings):
                keys.setdefault(warning, []).append(case.key)
        return tuple(
            f"{about[0]}: {warning}"
            if len(about) == 1
            else f"{len(about)} images, the first {about[0]}: {warning}"
            for warning, about in keys.items()
        )

    def case(self, key: str) -> Case:
        """Return the case with this key.

        Raises
        ------
        SettingsError
            If the cohort has no such case.
        """
        return find_case(self._by_key, key)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of what all images contain and how they are prepared, whatever their order."""
        digest = hashlib.blake2b(self.settings.digest.encode(), digest_size=16)
        for fingerprint in sorted(case.fingerprint for case in self.cases):
            digest.update(fingerprint.encode())
        return digest.hexdigest()


def find_case(by_key: Mapping[str, _Case], key: str) -> _Case:
    """Return the case with a key.

    Raises
    ------
    SettingsError
        If the cohort has no such case.
    """
    try:
        return by_key[key]
    except KeyError:
        raise SettingsError(
            f"the cohort has no usable image {key!r} among its {len(by_key)}"
        ) from None


def require_unique(keys: Sequence[str]) -> None:
    """Check that no two images of a cohort go by one key.

    Raises
    ------
    SettingsError
        If two do: the points of one would be given to the other.
    """
    twice = next((key for key, count in Counter(keys).items() if count > 1), None)
    if twice is not None:
        raise SettingsError(
            f"two images of the cohort go by {twice!r}. Give each of them a key of its own, as"
            " medssl.io.list_images does"
        )
