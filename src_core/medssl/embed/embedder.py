"""What every dense embedder offers, trained or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from medssl.errors import SettingsError
from medssl.prepare.settings import PrepareSettings

INSTANT = "instant"
"""Name of the training-free descriptor, wherever a model is asked for."""


@runtime_checkable
class DenseEmbedder(Protocol):
    """Turns a prepared image into one unit vector a cell.

    Cell ``i`` along an axis is centred at working voxel ``i * stride + (stride - 1) / 2``.
    """

    @property
    def name(self) -> str:
        """Short name to show."""

    @property
    def ndim(self) -> int:
        """2 for pictures, 3 for volumes."""

    @property
    def fingerprint(self) -> str:
        """Hash that changes whenever the embeddings would."""

    @property
    def settings(self) -> PrepareSettings:
        """How images must be prepared."""

    @property
    def channels(self) -> int:
        """Length of an embedding."""

    @property
    def stride(self) -> int:
        """Working voxels a cell along each axis."""

    def embed(self, array: NDArray[Any]) -> NDArray[np.float16]:
        """Embed prepared values ``(C, *spatial)``: ``(E, *ceil(spatial / stride))``."""


def open_embedder(model: str | Path, ndim: int = 2, device: str = "auto") -> DenseEmbedder:
    """Open a trained model, or the training-free descriptor.

    Parameters
    ----------
    model
        ``"instant"``, a model folder, or a run folder.
    ndim
        Dimension of the images that it is wanted for.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.

    Raises
    ------
    ModelError
        If the folder holds no model, or one for images of the other dimension.
    SettingsError
        If `ndim` is not 2 or 3, or the device is not there.
    """
    if ndim not in (2, 3):
        raise SettingsError(f"images are worked on in 2-D or 3-D, not {ndim}-D")
    if str(model) == INSTANT:
        from medssl.embed.instant import InstantEmbedder

        return InstantEmbedder(2 if ndim == 2 else 3)
    from medssl.embed.net import NetEmbedder

    return NetEmbedder.open(model, ndim, device)


def open_landmark_embedder(model: str | Path, ndim: int = 2, device: str = "auto") -> DenseEmbedder:
    """Open what landmarks are matched with: a model joined with `instant` where cells agree.

    The longer the model was trained, the more it counts. Parameters and errors are those of
    `open_embedder`.
    """
    if str(model) == INSTANT:
        return open_embedder(model, ndim, device)
    from medssl.correspond.descriptor import STRIDE
    from medssl.embed.joined import JoinedEmbedder, net_share
    from medssl.embed.net import NetEmbedder

    embedder = NetEmbedder.open(model, ndim, device)
    if embedder.stride != STRIDE[embedder.ndim]:
        return embedder
    return JoinedEmbedder(embedder, net_share(embedder.images_seen))
