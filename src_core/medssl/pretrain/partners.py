"""Link the images of a training before a stage that matches across images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medssl.correspond import Correspondences, describe_image, find_correspondences
from medssl.correspond.descriptor import STRIDE
from medssl.correspond.neighbours import Embed, HasArray
from medssl.nets import DenseNet, normalise_input
from medssl.pretrain.control import Control
from medssl.pretrain.kept import found_once
from medssl.pretrain.recipe import Stage
from medssl.progress import Progress
from medssl.runs import RunFolder

PARTNERS = 6
"""Partners an image."""


def link_images(
    stage: Stage,
    cases: Sequence[HasArray],
    net: DenseNet,
    seed: int,
    folder: RunFolder,
    control: Control,
    steps: tuple[int, int],
) -> Correspondences | None:
    """Find, or read back, how the images of a stage correspond; None where nothing is to be.

    They are kept in the run folder, so that a resumed run goes on with the same ones. The first
    process finds or reads them for all.

    Parameters
    ----------
    stage
        What is to be trained next.
    cases
        The images.
    net
        As it is before the stage.
    seed
        Decides the partners.
    folder
        Where they are kept.
    control
        Told of each image.
    steps
        Steps done, and steps in all or 0, to be told beside.

    Raises
    ------
    Cancelled
        If it is asked to stop; nothing is kept then.
    """
    if stage.correspondences == "none" or len(cases) < 2:
        return None
    path = folder.path / f"correspondences-{stage.name}.safetensors"

    def find(path: Path) -> None:
        by_net = stage.correspondences == "net"
        embed = _embed_by_net(net) if by_net else describe_image
        stride = net.stride if by_net else STRIDE[cases[0].array.ndim - 1]
        tell = _tell(control, steps)
        find_correspondences(cases, embed, stride, PARTNERS, seed, tell).save(path)

    what = "how the images correspond"
    return Correspondences.read(found_once(path, find, what, folder, control, steps[0]), path)


def _tell(control: Control, steps: tuple[int, int]) -> Progress:
    """Report images, seen twice each, as a message beside the steps: no bar of steps jumps."""

    def tell(done: int, total: int, message: str) -> None:
        images = total // 2
        control.tell(*steps, f"{message} {(done - 1) % images + 1}/{images}")

    return tell


def _embed_by_net(net: DenseNet) -> Embed:
    """Embed by net and descriptor together where their cells agree, else by the net alone."""
    device = next(net.parameters()).device

    @torch.no_grad()
    def embed(array: NDArray[Any]) -> Tensor:
        values = torch.from_numpy(np.asarray(array, np.float32))[None].to(device)
        training = net.training
        net.eval()
        cells: Tensor = net(normalise_input(values))[0].float().cpu()
        net.train(training)
        if net.stride != STRIDE[cells.ndim - 1]:
            return cells
        joined: Tensor = torch.cat([cells, describe_image(array)]) / math.sqrt(2)
        return joined

    return embed
