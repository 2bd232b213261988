"""Run a U-Net on an image of any size, exactly, within a memory budget.

Cutting a volume into tiles and running the whole net on each either needs halos as wide as the
receptive field (hundreds of voxels) or gives other values near the seams. Here only the *fine*
levels are tiled: they need nearly all of the memory, but look only a few voxels around. Their
pooled result is small enough for the coarse levels to run on the whole image at once. Every cell
is what it would be without tiles, and no voxel is computed more than a thin halo too often.
Pictures in a ResNet begin at stride 2 and are run whole.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from medssl.embed.tiling import Tile, choose_tile, tiles
from medssl.nets import DenseNet
from medssl.nets.blocks import unit_length
from medssl.nets.encoder import PlainEncoder
from medssl.nets.padding import pad_to_multiple

TILE_BYTES = 192 << 20


class LevelwiseNet:
    """A copy of a net, made fast for inference, that splits its fine levels into tiles.

    Parameters
    ----------
    net
        The net; its batch norms are folded into a copy of its convolutions.
    device
        Where the copy lives.
    dtype
        Precision of the convolutions.
    budget_bytes
        Most memory that the feature maps of an untiled level may take.
    tile_bytes
        Most memory that the feature maps of a tile may take.
    """

    def __init__(
        self,
        net: DenseNet,
        device: torch.device,
        dtype: torch.dtype,
        budget_bytes: int,
        tile_bytes: int = TILE_BYTES,
    ) -> None:
        self.architecture = net.architecture
        self.device, self.dtype = device, dtype
        self.budget_bytes, self.tile_bytes = budget_bytes, tile_bytes
        self._memory_format = (
            torch.channels_last if net.architecture.ndim == 2 else torch.channels_last_3d
        )
        self._net = _folded(net).to(device, dtype).to(memory_format=self._memory_format)  # type: ignore[call-overload]

    def __call__(self, images: Tensor) -> Tensor:
        """Embed ``(1, C, *spatial)`` float16 on the processor: ``(E, *cells)`` likewise."""
        return self._run(images, assigns=False)

    def embed_and_assign(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Give the shares of the clusters ``(K, *cells)`` too, for a net that has clusters."""
        both = self._run(images, assigns=True)
        channels = self.architecture.embedding_channels
        return both[:channels], both[channels:]

    @torch.inference_mode()
    def _run(self, images: Tensor, assigns: bool) -> Tensor:
        """Return embeddings and, if asked for, shares, one after the other in channels."""
        if self.architecture.kind == "resnet":
            features = self._net.features(self._ready(images))
            return self._heads(features, assigns).to("cpu", torch.float16)
        spatial = images.shape[2:]
        padded = pad_to_multiple(images, self.architecture.deepest_stride)
        split = self.split_level(padded.shape[2:])
        shape = [s >> split for s in padded.shape[2:]]
        hidden = self._enter(padded, split, shape)
        out_level = self.architecture.out_level
        levels = self._encode(hidden, split, len(self.architecture.widths))
        hidden = self._decode(levels, split, len(levels) + split - 1, max(split, out_level))
        cells = tuple(-(-s // self.architecture.out_stride) for s in spatial)
        del levels
        if out_level < split:
            return self._leave(padded, hidden, split, cells, assigns)
        # The net cuts off the cells that only cover padding before its head: so must we.
        kept = _cut(hidden, [slice(0, c) for c in cells])
        return self._heads(kept, assigns).to("cpu", torch.float16)

    def _heads(self, features: Tensor, assigns: bool) -> Tensor:
        embedding = unit_length(self._net.head(features))[0]
        if not assigns:
            return embedding
        assert self._net.cluster_head is not None
        return torch.cat((embedding, self._net.cluster_head(features)[0]))

    def split_level(self, spatial: Sequence[int]) -> int:
        """Return the finest level whose maps fit the budget untiled."""
        coarsest = len(self.architecture.widths) - 1
        for level in range(coarsest):
            cells = math.prod(s >> level for s in spatial)
            if cells * self._bytes_a_cell(level) <= self.budget_bytes:
                return level
        return coarsest

    def _bytes_a_cell(self, level: int) -> int:
        """Memory a cell of a level needs at once: what goes in, a skip, and what comes out."""
        widths = self.architecture.widths
        channels = 3 * widths[level] + widths[max(0, level - 1)]
        if level >= self.architecture.out_level:
            channels += widths[min(level + 1, len(widths) - 1)]
        if level == self.architecture.out_level:
            channels += 3 * (self.architecture.embedding_channels + self.architecture.clusters)
        return channels * self.dtype.itemsize

    def _radius(self, split: int, decoding: bool) -> int:
        """Return (at least) how many voxels the levels finer than `split` look around."""
        steps = self.architecture.convolutions[:split]
        radius = sum(count << level for level, count in enumerate(steps))
        if decoding:
            out = self.architecture.out_level
            radius += sum(2 << level for level in range(max(out, 1), split)) + (2 << out)
        return radius

    def _plan(self, shape: Sequence[int], split: int, decoding: bool) -> list[Tile]:
        """Cut the grid of the `split` level into tiles."""
        halo = -(-self._radius(split, decoding) >> split)
        finest = max(
            self._bytes_a_cell(level) << (self.architecture.ndim * (split - level))
            for level in range(split)
        )
        size = choose_tile(shape, halo, max(1, self.tile_bytes // finest))
        return list(tiles(shape, size, halo))

    def _enter(self, padded: Tensor, split: int, shape: Sequence[int]) -> Tensor:
        """Run the levels finer than `split`, tile by tile, and pool their result."""
        if split == 0:
            return self._ready(padded)
        whole = torch.empty(
            (1, self.architecture.widths[split - 1], *shape),
            dtype=self.dtype,
            device=self.device,
        ).to(memory_format=self._memory_format)
        for tile in self._plan(shape, split, decoding=False):
            block = self._ready(_cut(padded, tile.at(1 << split)))
            pooled = PlainEncoder.halve(self._encode(block, 0, split)[-1])
            _cut(whole, tile.interior).copy_(_cut(pooled, tile.crop()))
        return whole

    def _leave(
        self, padded: Tensor, hidden: Tensor, split: int, cells: Sequence[int], assigns: bool
    ) -> Tensor:
        """Decode the levels finer than `split`, tile by tile; their skips are computed again."""
        out = self.architecture.out_level
        finer = 1 << (split - out)
        channels = self.architecture.embedding_channels
        channels += self.architecture.clusters if assigns else 0
        result = torch.empty((channels, *cells), dtype=torch.float16)
        for tile in self._plan(hidden.shape[2:], split, decoding=True):
            levels = self._encode(self._ready(_cut(padded, tile.at(1 << split))), 0, split)
            coarse = _cut(hidden, tile.outer).contiguous(memory_format=self._memory_format)
            fine = self._decode([*levels, coarse], 0, split, out)
            kept = tuple(
                slice(0, count - box.start * finer)
                for count, box in zip(cells, tile.outer, strict=True)
            )
            given = self._heads(_cut(fine, kept), assigns)
            _cut(result, tile.inside(finer)).copy_(_cut(given, tile.crop(finer)))
        return result

    def _encode(self, hidden: Tensor, first: int, end: int) -> list[Tensor]:
        """Return the maps of levels `first` to `end - 1` from the pooled input of `first`."""
        levels: list[Tensor] = []
        for level in range(first, end):
            if level > first:
                hidden = PlainEncoder.halve(hidden)
            hidden = self._net.encoder[level](hidden)
            levels.append(hidden)
        return levels

    def _decode(self, levels: list[Tensor], first: int, start: int, end: int) -> Tensor:
        """Go up from level `start` to level `end`; ``levels[0]`` is that of level `first`."""
        if self.architecture.embedding_of == "encoder":
            return levels[end - first]
        hidden = levels[start - first]
        for level in reversed(range(end, start)):
            hidden = F.interpolate(hidden, scale_factor=2.0, mode="nearest")
            hidden = torch.cat((hidden, levels[level - first]), dim=1)
            if level > 0:
                hidden = self._net.decoder[str(level)](hidden)
        return hidden

    def _ready(self, block: Tensor) -> Tensor:
        """Bring prepared values to the net's device, precision and range (−1 to 1)."""
        values = block.to(self.device, torch.float32).mul_(2.0).sub_(1.0).to(self.dtype)
        return values.contiguous(memory_format=self._memory_format)


def _cut(maps: Tensor, box: Sequence[slice]) -> Tensor:
    """Return a box of the last axes, without copying."""
    index: tuple[Any, ...] = (..., *box)
    return maps[index]


def _folded(net: DenseNet) -> DenseNet:
    """Copy a net with every batch norm folded into the convolution before it."""
    result = copy.deepcopy(net).eval()
    result.restorer = None
    for module in list(result.modules()):
        if not isinstance(module, nn.Sequential):
            continue
        for (name, layer), (after, norm) in itertools.pairwise(list(module.named_children())):
            if isinstance(norm, nn.BatchNorm2d | nn.BatchNorm3d):
                assert isinstance(layer, nn.Conv2d | nn.Conv3d)
                module[int(name)] = fuse_conv_bn_eval(layer, norm)
                module[int(after)] = nn.Identity()
    return result
