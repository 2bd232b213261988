"""What a fine-tuning begins with: a model folder, or the same net without its pretraining."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from medssl.errors import SettingsError
from medssl.models import load_model
from medssl.nets import Architecture, DenseNet
from medssl.prepare.settings import PrepareSettings

RANDOM = "random"
_WIDTH_2D, _WIDTH_3D = 16, 8
_SIDE = 128


@dataclass(frozen=True)
class Base:
    """A net to begin with.

    Parameters
    ----------
    architecture
        Of the net.
    input
        How images are prepared for it.
    net
        Its weights; None: random ones.
    record
        What is told of it: name of the folder, recipe.
    """

    architecture: Architecture
    input: PrepareSettings
    net: DenseNet | None
    record: dict[str, Any]

    def worked_at(self, longest_side: int | None) -> Base:
        """Return the same net for pictures at another size; None leaves it as it is.

        Raises
        ------
        SettingsError
            If the net is for volumes, whose size follows from their voxels.
        """
        if longest_side is None:
            return self
        if self.input.ndim == 3:
            raise SettingsError(
                "volumes are worked at the size of their voxels: leave out the side"
            )
        return replace(self, input=self.input.model_copy(update={"longest_side": longest_side}))


def open_base(model: str | Path, ndim: Literal[2, 3], channels: Literal[1, 3] = 1) -> Base:
    """Open a model folder or run folder; ``random`` is a small net with random weights.

    Raises
    ------
    ModelError
        If there is no usable model.
    """
    if str(model) == RANDOM:
        if ndim == 2:
            net = Architecture.resnet(18, channels, width=_WIDTH_2D)
        else:
            widths = tuple(_WIDTH_3D << level for level in range(4))
            net = Architecture.plain(3, channels, out_stride=2, widths=widths)
        prepare = PrepareSettings(ndim=ndim, channels=channels, longest_side=_SIDE)
        return Base(net, prepare, None, {})
    loaded = load_model(model)
    record = {"folder": loaded.path.name, "recipe": loaded.card.recipe.get("name")}
    if loaded.path.name == "model":
        record["folder"] = loaded.path.absolute().parent.name
    return Base(loaded.card.architecture, loaded.card.input, loaded.net, record)
