"""Boxes that cover a volume: interiors side by side, halos that overlap."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """A box of cells and the larger box that must be read to know them.

    Parameters
    ----------
    interior
        The cells that this tile is responsible for; tiles' interiors neither overlap nor leave
        gaps.
    outer
        Interior and halo, cut at the volume's borders.
    """

    interior: tuple[slice, ...]
    outer: tuple[slice, ...]

    def at(self, factor: int) -> tuple[slice, ...]:
        """Return the outer box on a grid that is `factor` times finer."""
        return tuple(slice(s.start * factor, s.stop * factor) for s in self.outer)

    def crop(self, factor: int = 1) -> tuple[slice, ...]:
        """Return where the interior lies in the outer box, on a grid `factor` times finer."""
        return tuple(
            slice((i.start - o.start) * factor, (i.stop - o.start) * factor)
            for i, o in zip(self.interior, self.outer, strict=True)
        )

    def inside(self, factor: int = 1) -> tuple[slice, ...]:
        """Return the interior on a grid that is `factor` times finer."""
        return tuple(slice(s.start * factor, s.stop * factor) for s in self.interior)


def choose_tile(shape: Sequence[int], halo: int, most_cells: int) -> tuple[int, ...]:
    """Choose the size of interiors so that outer boxes have about `most_cells` cells at most.

    Of all ways to cut the axes into equal parts, the one that reads the fewest halo cells is
    taken. Interiors thinner than the halo are not considered: they would cost more than they
    save, so a very small limit is exceeded.
    """
    options = [
        sorted({-(-n // parts) for parts in range(1, max(1, n // max(1, halo)) + 1)}) for n in shape
    ]
    best: tuple[tuple[int, int], tuple[int, ...]] | None = None
    smallest = tuple(sizes[0] for sizes in options)
    for size in itertools.product(*options):
        outer = math.prod(min(s + 2 * halo, n) for s, n in zip(size, shape, strict=True))
        if outer > most_cells:
            continue
        count = math.prod(-(-n // s) for s, n in zip(size, shape, strict=True))
        if best is None or (outer * count, count) < best[0]:
            best = ((outer * count, count), size)
    return best[1] if best else smallest


def tiles(shape: Sequence[int], size: Sequence[int], halo: int) -> Iterator[Tile]:
    """Cover `shape` with tiles of interiors up to `size`."""
    starts = [range(0, n, s) for n, s in zip(shape, size, strict=True)]
    for corner in itertools.product(*starts):
        interior = tuple(
            slice(c, min(c + s, n)) for c, s, n in zip(corner, size, shape, strict=True)
        )
        outer = tuple(
            slice(max(0, i.start - halo), min(n, i.stop + halo))
            for i, n in zip(interior, shape, strict=True)
        )
        yield Tile(interior, outer)
