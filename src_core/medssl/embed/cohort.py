"""Embed a cohort once per model, into the cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medssl.embed.embedder import DenseEmbedder
from medssl.errors import ModelError
from medssl.geometry import Grid
from medssl.prepare import ArrayCache, CachedArray, Case, PreparedCohort, PrepareSettings
from medssl.prepare.case import find_case, require_unique
from medssl.progress import Progress, silent

EMBEDDING_VERSION = 1
"""Raised whenever the layout of cached embeddings changes."""


@dataclass(frozen=True)
class EmbeddedCase:
    """An image of a cohort with its embedding.

    Parameters
    ----------
    case
        The prepared image.
    cached
        Where the embedding lies.
    stride
        Working voxels a cell along each axis.
    """

    case: Case
    cached: CachedArray
    stride: int

    @property
    def embedding(self) -> np.memmap[Any, Any]:
        """Unit vectors ``(*cells, E)``, float16, channels last, mapped anew at each access.

        Channels last, so that the similarity to a template is one matrix product.
        """
        return self.cached.open()

    @property
    def cells(self) -> tuple[int, ...]:
        """Number of cells along each axis."""
        return self.cached.shape[:-1]

    @property
    def cell_grid(self) -> Grid:
        """Grid of the cells: cell ``i`` is centred at working voxel ``i·s + (s−1)/2``."""
        return self.case.grid.cells(self.stride)


@dataclass(frozen=True)
class EmbeddedCohort:
    """A prepared cohort with the embeddings of one model."""

    cases: tuple[EmbeddedCase, ...]
    embedder: DenseEmbedder
    prepared: PreparedCohort
    _by_key: dict[str, EmbeddedCase] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_unique([one.case.key for one in self.cases])
        object.__setattr__(self, "_by_key", {one.case.key: one for one in self.cases})

    def case(self, key: str) -> EmbeddedCase:
        """Return the case with this key.

        Raises
        ------
        SettingsError
            If the cohort has no such case.
        """
        return find_case(self._by_key, key)


def embed_cohort(
    prepared: PreparedCohort,
    embedder: DenseEmbedder,
    cache: ArrayCache | None = None,
    progress: Progress = silent,
) -> EmbeddedCohort:
    """Embed every image of a cohort, or find its embedding in the cache.

    One image is in memory at a time.

    Parameters
    ----------
    prepared
        Images prepared with the embedder's own settings.
    embedder
        A trained model or the training-free descriptor.
    cache
        By default the user's cache.
    progress
        Called after each image; may raise `Cancelled`, finished embeddings stay in the cache.

    Raises
    ------
    ModelError
        If the images are of the other dimension, or are prepared otherwise than the model needs.
    StorageError
        If the cache cannot be written: disk full, no permission.
    """
    _check_settings(prepared.settings, embedder)
    cache = cache if cache is not None else ArrayCache()
    embedded = []
    for done, case in enumerate(prepared.cases, 1):
        key = _key(case, prepared.settings, embedder)
        found = cache.find_array("embedding", key)
        if found is None:
            channels_last = np.moveaxis(embedder.embed(case.array), 0, -1)
            cached = cache.put_array("embedding", key, channels_last.astype(np.float16, copy=False))
        else:
            cached, _ = found
        embedded.append(EmbeddedCase(case, cached, embedder.stride))
        progress(done, len(prepared.cases), f"Embedding: {case.name}")
    return EmbeddedCohort(tuple(embedded), embedder, prepared)


def _check_settings(given: PrepareSettings, embedder: DenseEmbedder) -> None:
    wanted = embedder.settings
    if given.ndim != wanted.ndim:
        raise ModelError(
            f"{embedder.name}: this model is for {wanted.ndim}-D images, the cohort is "
            f"{given.ndim}-D. Choose a model that was trained on {given.ndim}-D images, or instant."
        )
    if wanted.ndim == 3 and wanted.spacing_mm is None:
        wanted = wanted.model_copy(update={"spacing_mm": given.spacing_mm})
    if given.digest != wanted.digest:
        raise ModelError(
            f"{embedder.name}: the images are prepared otherwise than this model needs. "
            "Prepare them with the settings of the model."
        )


def _key(case: Case, settings: PrepareSettings, embedder: DenseEmbedder) -> str:
    text = repr((EMBEDDING_VERSION, case.fingerprint, settings.digest, embedder.fingerprint))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
