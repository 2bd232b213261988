"""Batches: every case before any comes again, on one canvas, the same for a resumed run."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from medssl.pretrain.loader import BatchSource, read_ahead

from .cohorts import MemoryCase, make_cohort


def test_an_epoch_sees_every_case_once() -> None:
    source = BatchSource(make_cohort(6).cases, (32, 32), batch=2, seed=0)
    epochs = [
        sorted(n for step in range(3 * e, 3 * e + 3) for n in source.case_numbers(step))
        for e in range(2)
    ]
    assert epochs == [list(range(6))] * 2


def test_processes_share_an_epoch() -> None:
    cases = make_cohort(8).cases
    sources = [BatchSource(cases, (32, 32), 2, 0, process, 2) for process in range(2)]
    numbers = [n for step in range(2) for source in sources for n in source.case_numbers(step)]
    assert sorted(numbers) == list(range(8))


@pytest.mark.parametrize("linked", [False, True])
def test_processes_see_together_what_one_sees(linked: bool) -> None:
    """Of 40 voxels the canvas shows a random part; partners are drawn at random."""
    cases = make_cohort(7, side=40).cases
    whole = BatchSource(cases, (16, 32), 8, seed=4)
    parts = [BatchSource(cases, (16, 32), 4, 4, process, 2) for process in range(2)]
    if linked:
        partners = torch.tensor([[(n + 1) % 7, (n + 2) % 7, (n + 3) % 7] for n in range(7)])
        for source in (whole, *parts):
            source.partners = partners
    for step in (0, 5):
        one = whole.read(step)
        several = [source.read(step) for source in parts]
        numbers = torch.tensor([n for batch in several for n in batch.numbers or ()])
        assert numbers.sort().values.tolist() == list(range(8))
        assert numbers[:4].tolist() == [0, 1, 4, 5]
        assert torch.equal(torch.cat([batch.images for batch in several]), one.images[numbers])
        assert torch.equal(torch.cat([batch.case for batch in several]), one.case[numbers])
        assert torch.equal(torch.cat([batch.origin for batch in several]), one.origin[numbers])


def test_a_step_is_the_same_whenever_it_is_read() -> None:
    cases = make_cohort(5, side=40).cases
    first = BatchSource(cases, (16, 32), 3, seed=4).read(7)
    later = BatchSource(cases, (16, 32), 3, seed=4)
    later.read(1)
    assert torch.equal(first.images, later.read(7).images)
    assert not torch.equal(first.images, BatchSource(cases, (16, 32), 3, seed=5).read(7).images)


def test_origin_says_where_the_image_lies() -> None:
    array = np.arange(10 * 40, dtype=np.float16).reshape(1, 10, 40)
    batch = BatchSource([MemoryCase(array)], (16, 16), 2, seed=0).read(0)
    for image, origin in zip(batch.images, batch.origin, strict=True):
        y, x = (int(value) for value in origin)
        assert y == 3
        assert image[0, 3 + 4, 5] == array[0, 4, 5 - x]
        assert image[0, 2].abs().max() == 0
    low, high = batch.shown()
    assert low.tolist() == [[3, 0], [3, 0]]
    assert high.tolist() == [[12, 15], [12, 15]]


def test_batches_are_the_same_however_many_threads_read_ahead() -> None:
    cases = make_cohort(5, side=40).cases
    shared = BatchSource(cases, (16, 32), 3, seed=4)
    alone = BatchSource(cases, (16, 32), 3, seed=4)
    for one, other in zip(read_ahead(shared, 2, 8), read_ahead(shared, 2, 8), strict=True):
        expected = alone.read(one[0])
        assert one[0] == other[0]
        for batch in (one[1], other[1]):
            assert torch.equal(batch.images, expected.images)
            assert torch.equal(batch.origin, expected.origin)


def test_an_error_while_reading_ahead_is_raised() -> None:
    class Gone:
        @property
        def array(self) -> np.ndarray:
            raise OSError("the disk is gone")

    batches = read_ahead(BatchSource([Gone()], (8, 8), 1, seed=0), 0, 3)
    with pytest.raises(OSError, match="the disk is gone"):
        next(batches)
