"""A trained net as a dense embedder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from medssl.devices import choose_device, fast_dtype
from medssl.embed.levelwise import LevelwiseNet
from medssl.errors import ModelError, SettingsError
from medssl.models import WEIGHTS_NAME, Model, find_model_folder, load_model, read_card

if TYPE_CHECKING:
    from medssl.prepare.settings import PrepareSettings

MOST_BUDGET = 768 << 20
_MEMORY_SHARE = 0.1


class NetEmbedder:
    """Embeds prepared images with a model of a model folder.

    The convolutions run in bfloat16 where the hardware multiplies matrices of it (AMX on a
    processor, CUDA cards from Ampere on), else in single precision; embeddings of the two differ
    by less than 0.02 a channel.

    Parameters
    ----------
    model
        The net and its card.
    device
        Where it runs.
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        card = model.card
        self.name = model.path.parent.name if model.path.name == "model" else model.path.name
        self.ndim: int = card.input.ndim
        self.settings: PrepareSettings = card.input
        self.channels = card.embedding.channels
        self.stride = card.embedding.stride
        self.images_seen = card.images_seen
        self.device = device
        dtype = fast_dtype(device)
        self.fingerprint = _fingerprint(model.path / WEIGHTS_NAME, card.input.digest, dtype)
        self._clusters = card.architecture.clusters
        known = card.clusters is not None
        self._prototypes = model.net.prototypes.cpu().numpy() if known else None
        self._net = LevelwiseNet(model.net, device, dtype, memory_budget(device))

    @classmethod
    def open(cls, path: str | Path, ndim: int, device: str = "auto") -> NetEmbedder:
        """Read a model folder or run folder.

        Raises
        ------
        ModelError
            If there is no usable model, or it is for images of the other dimension.
        SettingsError
            If the device is not there.
        """
        folder = find_model_folder(path)
        card = read_card(folder)
        if card.input.ndim != ndim:
            raise ModelError(
                f"{folder}: this model is for {card.input.ndim}-D images, the images are {ndim}-D. "
                f"Choose a model that was trained on {ndim}-D images, or instant."
            )
        chosen = choose_device(device)
        return cls(load_model(folder), chosen)

    @property
    def clusters(self) -> int:
        """Number of clusters that cells are assigned to; 0 where the model has none."""
        return self._clusters

    @property
    def prototypes(self) -> NDArray[np.float32] | None:
        """Unit vector of each cluster over the cohort of the training ``(K, E)``, if known."""
        return self._prototypes

    def embed(self, array: NDArray[Any]) -> NDArray[np.float16]:
        """Embed prepared values ``(C, *spatial)``, 0 to 1: ``(E, *ceil(spatial / stride))``.

        Raises
        ------
        SettingsError
            If the array has not the channels and the dimension of the model.
        """
        embedding: NDArray[np.float16] = self._net(self._images(array)).numpy()
        return embedding

    def embed_and_assign(
        self, array: NDArray[Any]
    ) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """Embed, and give the share of each cluster in each cell: ``(K, *cells)``, of sum 1.

        Raises
        ------
        ModelError
            If the model has no clusters.
        SettingsError
            If the array has not the channels and the dimension of the model.
        """
        if not self._clusters:
            raise ModelError(
                f"{self.name}: this model has no clusters. Train one with a second stage "
                "(medssl pretrain --clusters 16)."
            )
        embedding, shares = self._net.embed_and_assign(self._images(array))
        return embedding.numpy(), shares.numpy()

    def _images(self, array: NDArray[Any]) -> torch.Tensor:
        expected = self.settings.channels
        if array.ndim != self.ndim + 1 or array.shape[0] != expected:
            raise SettingsError(
                f"{self.name}: an array of shape {array.shape} cannot be embedded; the model "
                f"takes {expected} channel(s) and {self.ndim} spatial axes"
            )
        return torch.from_numpy(np.array(array, np.float16))[None]


def memory_budget(device: torch.device) -> int:
    """Bytes that the maps of one untiled level may take: a tenth of what is free, 768 MB at most.

    Whatever it is, the embeddings are the same; only the number of tiles changes.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = psutil.virtual_memory().available
    return min(MOST_BUDGET, int(free * _MEMORY_SHARE))


def _fingerprint(weights: Path, preparation: str, dtype: torch.dtype) -> str:
    digest = hashlib.blake2b(f"{preparation} {dtype}".encode(), digest_size=16)
    with weights.open("rb") as file:
        digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()
