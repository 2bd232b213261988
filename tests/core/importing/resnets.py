"""ResNets, a U-Net and a VGG with the names that others give their tensors.

Written anew from the papers for these tests; nothing of them is shared with the nets under test.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, inside: int, planes: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        self.bottleneck = bottleneck
        outside = planes * 4 if bottleneck else planes
        if bottleneck:
            self.conv1 = nn.Conv2d(inside, planes, 1, bias=False)
            self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
            self.conv3 = nn.Conv2d(planes, outside, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(outside)
        else:
            self.conv1 = nn.Conv2d(inside, planes, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(planes), nn.BatchNorm2d(planes)
        if stride != 1 or inside != outside:
            self.downsample = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, x: Tensor) -> Tensor:
        beside = self.downsample(x) if hasattr(self, "downsample") else x
        x = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.bottleneck:
            x = self.bn3(self.conv3(F.relu(x)))
        return F.relu(x + beside)


class ResNet(nn.Module):
    def __init__(
        self, depth: int = 18, width: int = 8, colours: int = 3, classes: int = 10
    ) -> None:
        super().__init__()
        counts = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}[depth]
        self.conv1 = nn.Conv2d(colours, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inside = width
        for level, count in enumerate(counts):
            blocks = []
            for number in range(count):
                stride = 2 if level and not number else 1
                block = Block(inside, width << level, stride, depth == 50)
                inside = (width << level) * (4 if depth == 50 else 1)
                blocks.append(block)
            setattr(self, f"layer{level + 1}", nn.Sequential(*blocks))
        if classes:
            self.fc = nn.Linear(inside, classes)

    def maps(self, x: Tensor) -> list[Tensor]:
        found = [F.relu(self.bn1(self.conv1(x)))]
        x = F.max_pool2d(found[0], 3, 2, 1)
        for level in range(1, 5):
            x = getattr(self, f"layer{level}")(x)
            found.append(x)
        return found


class UNetBlock(nn.Module):
    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()
        )
        self.conv2 = nn.Sequential(
            nn.Conv2d(outside, outside, 3, padding=1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
        )


class UNet(nn.Module):
    """A decoder of 256-128-64-32-16 channels at width 64, and one output channel."""

    def __init__(self, depth: int = 18, width: int = 32) -> None:
        super().__init__()
        self.encoder = ResNet(depth, width, classes=0)
        factor = 4 if depth == 50 else 1
        skips = [width * factor << level for level in (2, 1, 0)] + [width, 0]
        inside = width * factor << 3
        self.decoder = nn.Module()
        self.decoder.blocks = nn.ModuleList()
        for number, skip in enumerate(skips):
            outside = width * 4 >> number
            self.decoder.blocks.append(UNetBlock(inside + skip, outside))
            inside = outside
        self.segmentation_head = nn.Sequential(nn.Conv2d(inside, 1, 3, padding=1))

    def decoded(self, x: Tensor) -> list[Tensor]:
        *skips, hidden = self.encoder.maps(x)
        found = []
        for block in self.decoder.blocks:
            hidden = hidden.repeat_interleave(2, 2).repeat_interleave(2, 3)
            if skips:
                hidden = torch.cat([hidden, skips.pop()], 1)
            hidden = block.conv2(block.conv1(hidden))
            found.append(hidden)
        return found

    def restored(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.segmentation_head(self.decoded(x)[-1]))


class Vgg16(nn.Module):
    """VGG-16 with batch norm, 13 convolutions with a bias, and five poolings."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 128, 128)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = 3
        for width, count in zip(widths, (2, 2, 3, 3, 3), strict=True):
            for _ in range(count):
                layers += [nn.Conv2d(inside, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
                inside = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(inside, 5)


def trained(net: nn.Module, seed: int = 0) -> nn.Module:
    """Give every norm statistics and weights as if it had learned."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if name.endswith("num_batches_tracked"):
                tensor.fill_(7)
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5, generator=generator)
            elif tensor.ndim > 1:
                tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5, generator=generator)
            else:
                tensor.normal_(0, 0.2, generator=generator)
                if name.endswith("weight"):
                    tensor.add_(0.7)
    return net.eval()
