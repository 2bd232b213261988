"""Views that are cut at the places of visual words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from medssl.correspond import CohortWords
from medssl.pretrain.loader import BatchSource
from medssl.views import DistortedViewSettings, make_distorted_views
from medssl.views.crops import JITTER, CropSettings, middle_sides
from tests.core.pretrain.cohorts import MemoryCase

PLACES = {
    2: torch.tensor([[0.3, 0.4], [0.5, 0.7], [0.62, 0.35]]),
    3: torch.tensor([[0.3, 0.4, 0.6], [0.5, 0.7, 0.4], [0.62, 0.35, 0.3]]),
}
CROPS = {
    2: CropSettings(share=(0.05, 0.1), overlap=0.5),
    3: CropSettings(of="view", share=(0.6, 1.4), aspect=1.2, overlap=0.5, flip_axes=(-1,)),
}
VIEWS = {2: (12, 12), 3: (8, 8, 8)}
CANVAS = {2: (32, 40), 3: (24, 24, 32)}


def source_of(ndim: int, batch: int = 6, process: int = 0, processes: int = 1) -> BatchSource:
    """Images larger than the canvas and smaller ones, of different sizes."""
    rng = np.random.default_rng(1)
    shapes = [(24, 40, 36), (48, 40, 36), (40, 52, 60), (48, 60, 32)]
    cases = [MemoryCase(rng.random((1, *shape[:ndim])).astype(np.float16)) for shape in shapes]
    source = BatchSource(cases, CANVAS[ndim], batch, 3, process, processes)
    holds = torch.tensor([[1, 1, 0], [0, 1, 1], [1, 1, 1], [0, 0, 1]]) > 0
    source.words = CohortWords(PLACES[ndim], holds)
    return source


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_crops_of_a_word_lie_at_its_relative_place(ndim: int) -> None:
    settings = DistortedViewSettings(size=VIEWS[ndim], crops=CROPS[ndim])
    source = source_of(ndim)
    seen = set()
    for step in range(12):
        batch = source.read(step)
        assert batch.word is not None
        assert source.words is not None
        views = make_distorted_views(batch, settings, batch.draws(step))
        assert torch.equal(views.word, batch.word)
        first, second = views.extent.warps
        wanted = PLACES[ndim][batch.word]
        sides = torch.stack(
            [warp.matrix.diagonal(dim1=1, dim2=2).abs() for warp in (first, second)]
        )
        sides = sides * torch.tensor(VIEWS[ndim])
        off = [(batch.relative(w.centre[:, None])[:, 0] - wanted).abs() for w in (first, second)]
        assert (off[0] * batch.sizes <= JITTER * sides[0] + 1e-3).all()
        assert (off[1] * batch.sizes <= 0.5 * sides.amax(0)).all()
        for case, word in zip(batch.case.tolist(), batch.word.tolist(), strict=True):
            assert source.words.holds[case, word]
            seen.add((case, word))
    assert len(seen) == int(source.words.holds.sum())


@pytest.mark.parametrize("ndim", [2, 3])
def test_places_are_drawn_anew_around_a_word(ndim: int) -> None:
    settings = DistortedViewSettings(size=VIEWS[ndim], crops=CROPS[ndim])
    batch = source_of(ndim).read(0)
    centres = torch.stack(
        [
            make_distorted_views(batch, settings, batch.draws(seed)).extent.warps[0].centre
            for seed in range(8)
        ]
    )
    assert (centres.std(0) > 0.05).all()


def test_the_canvas_shows_the_word_in_its_middle() -> None:
    source = source_of(3)
    for step in range(8):
        batch = source.read(step)
        low, high = batch.shown()
        assert batch.aim is not None
        assert ((batch.aim >= low) & (batch.aim <= high)).all()
        edge = torch.minimum(batch.aim - low, high - batch.aim)
        whole = torch.minimum(batch.aim - batch.origin, batch.origin + batch.sizes - 1 - batch.aim)
        middle = torch.tensor(CANVAS[3]) / 2 - 2
        assert (edge >= torch.minimum(whole, middle) - 1e-3).all()


def test_several_processes_read_the_same_words() -> None:
    whole = source_of(2, 4).read(5)
    parts = [source_of(2, 2, process, 2).read(5) for process in range(2)]
    for number in range(2):
        for name in ("word", "aim", "images", "origin"):
            joined = torch.cat([getattr(part, name)[number : number + 1] for part in parts])
            assert torch.equal(joined, getattr(whole, name)[2 * number : 2 * number + 2]), name


def test_a_case_without_a_word_is_seen_anywhere() -> None:
    source = source_of(2)
    source.words = CohortWords(PLACES[2], torch.zeros(4, 3, dtype=torch.bool))
    aims = []
    for step in range(4):
        batch = source.read(step)
        assert (batch.word == -1).all()
        aims.append(batch.relative(batch.aim[:, None])[:, 0])
    assert torch.cat(aims).std(0).min() > 0.15


def test_without_words_there_is_neither_word_nor_aim() -> None:
    source = source_of(2)
    source.words = None
    batch = source.read(0)
    assert batch.word is None
    assert batch.aim is None


def test_crops_are_no_larger_than_the_image() -> None:
    assert middle_sides((8, 100), (16, 16), CropSettings(of="view", share=(1, 1))) == (8, 16)
    assert middle_sides((40, 20), (16, 16), CropSettings(share=(0.2, 0.3))) == (20, 10)
