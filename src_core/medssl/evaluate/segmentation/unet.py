"""A control of few labels: a plain U-Net as nnU-Net builds it, from scratch."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from medssl.nets import DenseNet, normalise_input
from medssl.nets.padding import pad_to_multiple
from medssl.transfer.nets import FIRST_LOGIT, TransferNet

UNET = "unet"
"""Name of the control, where a model is asked for."""
DEEPEST_STRIDE = {2: 32, 3: 8}
FIRST_WIDTH = 8
"""nnU-Net begins with 32; a quarter of it does more steps in the minutes of a processor."""
MOST_WIDTH = 128
RATE = 6e-3


class PlainUNet(TransferNet):
    """MONAI's net of nnU-Net: strided convolutions, instance norm, leaky ReLU; nothing pretrained.

    Parameters
    ----------
    ndim
        Pictures or volumes.
    outputs
        Number of structures.

    References
    ----------
    F. Isensee et al., nnU-Net, Nature Methods 18, 2021.
    """

    def __init__(self, ndim: int, outputs: int) -> None:
        from monai.networks.nets import DynUNet  # takes seconds to import

        levels = DEEPEST_STRIDE[ndim].bit_length()
        strides = [1] + [2] * (levels - 1)
        filters = [min(MOST_WIDTH, FIRST_WIDTH << level) for level in range(levels)]
        net = DynUNet(ndim, 1, outputs, [3] * levels, strides, strides[1:], filters)
        nn.init.constant_(net.output_block.conv.conv.bias, FIRST_LOGIT)
        # Nothing is transferred, so that only its parameters and its output are asked for.
        super().__init__(cast("DenseNet", net), nn.Identity(), outputs)
        self._stride = DEEPEST_STRIDE[ndim]

    def forward(self, images: Tensor) -> Tensor:
        """Return logits ``(B, outputs, *spatial)`` of prepared images ``(B, 1, *spatial)``."""
        padded = pad_to_multiple(normalise_input(images), self._stride)
        box = tuple(slice(0, side) for side in images.shape[2:])
        logits: Tensor = self.net(padded)[(..., *box)]
        return logits
