"""What a classifier of lesions begins with: a model folder, its net unlearned, or a small net."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from medssl.errors import SettingsError
from medssl.models import load_model
from medssl.nets import Architecture, DenseNet
from medssl.prepare.settings import PrepareSettings

RANDOM = "random"
_SIDE = 128
_LONGEST_VOLUME = 96
_WIDTH = 16
_WIDTHS_3D = (8, 16, 32, 64)


@dataclass(frozen=True)
class LesionBase:
    """A net to begin with.

    Parameters
    ----------
    architecture
        Of the net.
    input
        How images are prepared for it.
    sliced
        Whether volumes go through it slice by slice.
    net
        Its weights; None: random ones.
    record
        What is told of it: name of the folder, recipe.
    """

    architecture: Architecture
    input: PrepareSettings
    sliced: bool
    net: DenseNet | None
    record: dict[str, Any]

    @property
    def identity(self) -> str:
        """Hash of the weights, or ``random``."""
        if self.net is None:
            return RANDOM
        hashed = hashlib.blake2b(digest_size=16)
        for name, values in sorted(self.net.state_dict().items()):
            hashed.update(name.encode())
            hashed.update(values.detach().cpu().numpy().tobytes())
        return hashed.hexdigest()


def open_lesion_base(model: str, ndim: Literal[2, 3], sliced: bool = False) -> LesionBase:
    """Open a model folder or run folder.

    Parameters
    ----------
    model
        The folder; ``random`` is a small net that has learned nothing, ``random:FOLDER`` the net
        of that folder without what it has learned.
    ndim
        Of the images.
    sliced
        ``random`` alone: whether volumes are taken slice by slice. A 2-D model takes volumes so
        in any case, a 3-D model never.

    Raises
    ------
    ModelError
        If there is no usable model.
    SettingsError
        If the model is for volumes and the images are pictures, or volumes are to be sliced for a
        3-D model.
    """
    if model == RANDOM:
        flat = ndim == 2 or sliced
        net = _small_net(2 if flat else 3)
        return LesionBase(net, _preparation(ndim, flat), flat and ndim == 3, None, {})
    unlearned = model.startswith(f"{RANDOM}:")
    loaded = load_model(model.removeprefix(f"{RANDOM}:"))
    card = loaded.card
    if card.input.ndim > ndim:
        raise SettingsError(
            f"{model}: this model is for volumes, and the images are pictures. Choose a model of "
            "2-D images"
        )
    if card.input.ndim == 3 and sliced:
        raise SettingsError(
            f"{model}: this model takes volumes whole. Slice by slice they go through a model of "
            "2-D images"
        )
    name = loaded.path.absolute().parent.name if loaded.path.name == "model" else loaded.path.name
    record = {"folder": name, "recipe": card.recipe.get("name"), "unlearned": unlearned}
    sliced = ndim == 3 and card.input.ndim == 2
    prepare = card.input
    if sliced:
        prepare = PrepareSettings(
            ndim=3, channels=prepare.channels, max_side=min(1024, prepare.longest_side)
        )
    weights = None if unlearned else loaded.net
    return LesionBase(card.architecture, prepare, sliced, weights, record)


def _small_net(ndim: Literal[2, 3]) -> Architecture:
    if ndim == 2:
        return Architecture.resnet(18, width=_WIDTH)
    return Architecture.plain(3, out_stride=4, widths=_WIDTHS_3D)


def _preparation(ndim: Literal[2, 3], flat: bool) -> PrepareSettings:
    longest = _SIDE if flat else _LONGEST_VOLUME
    return PrepareSettings(ndim=ndim, longest_side=_SIDE, max_side=longest)
