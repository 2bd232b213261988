"""The patch discriminator: which patches of an image look restored."""

from __future__ import annotations

from torch import Tensor, nn

PAPER_WIDTHS = (64, 128, 256, 512)


class PatchDiscriminator(nn.Sequential):
    """Convolutions that judge overlapping patches; high where they look like a real image.

    Three convolutions of stride 2 and one of stride 1, each with leaky ReLU (0.2) and, but for
    the first, instance norm; one more of stride 1 gives a map at an eighth of the resolution. No
    sigmoid: least squares are taken of it. Weights begin as N(0, 0.02).

    Parameters
    ----------
    ndim
        2 for pictures, 3 for volumes.
    channels
        Of the images.
    widths
        Channels of the four convolutions.

    References
    ----------
    F. Haghighi et al., DiRA, arXiv 2204.10437, the discriminator ``D``; X. Mao et al., Least
    Squares Generative Adversarial Networks, arXiv 1611.04076.

    Examples
    --------
    >>> import torch
    >>> PatchDiscriminator(2, 1, (4, 8, 8, 8))(torch.zeros(2, 1, 32, 48)).shape
    torch.Size([2, 1, 4, 6])
    """

    def __init__(
        self, ndim: int, channels: int, widths: tuple[int, int, int, int] = PAPER_WIDTHS
    ) -> None:
        layer = nn.Conv2d if ndim == 2 else nn.Conv3d
        norm = nn.InstanceNorm2d if ndim == 2 else nn.InstanceNorm3d
        layers: list[nn.Module] = []
        inside = channels
        for number, width in enumerate(widths):
            stride = 2 if number < 3 else 1
            layers.append(layer(inside, width, 3, stride, padding=1))
            if number:
                layers.append(norm(width))
            layers.append(nn.LeakyReLU(0.2))
            inside = width
        layers.append(layer(inside, 1, 3, padding=1))
        super().__init__(*layers)
        for module in self:
            if isinstance(module, nn.Conv2d | nn.Conv3d):
                nn.init.normal_(module.weight, 0.0, 0.02)
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Judge images ``(B, C, *spatial)``: ``(B, 1, *ceil(spatial / 8))``, single precision."""
        judged: Tensor = super().forward(images.float())  # type: ignore[no-untyped-call]
        return judged
