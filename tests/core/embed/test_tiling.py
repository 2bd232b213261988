"""Tiles cover every cell exactly once and read enough around it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from medssl.embed.tiling import choose_tile, tiles


@settings(deadline=None, max_examples=40)
@given(
    shape=st.lists(st.integers(1, 14), min_size=2, max_size=3),
    halo=st.integers(0, 6),
    most=st.integers(50, 5000),
)
def test_tiles_cover_once(shape: list[int], halo: int, most: int) -> None:
    size = choose_tile(shape, halo, most)
    seen = np.zeros(shape, int)
    for tile in tiles(shape, size, halo):
        seen[tile.interior] += 1
        box = np.zeros(shape, int)
        box[tile.outer] = 1
        for axis, (inner, outer) in enumerate(zip(tile.interior, tile.outer, strict=True)):
            assert outer.start == max(0, inner.start - halo)
            assert outer.stop == min(shape[axis], inner.stop + halo)
        assert box[tile.outer][tile.crop()].shape == seen[tile.interior].shape
    assert (seen == 1).all()


def test_cuts_keep_to_the_limit_where_halos_allow() -> None:
    size = choose_tile((64, 64, 64), 2, 40_000)
    assert np.prod([min(s + 4, 64) for s in size]) <= 40_000
