"""A whole cohort by the net that a job learned: images that came after the job too."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from medssl.progress import Progress
from napari_medssl.engine import leave_a_core_to_the_window
from napari_medssl.listing import list_where
from napari_medssl.segmenting.passes import Found

if TYPE_CHECKING:
    from medssl.io import Problem
    from medssl.prepare import ArrayCache, Case
    from medssl.segment.learned import LearnedNet


class _Seen(NamedTuple):
    """A mask that waits, packed, for the sizes of the others."""

    key: str
    packed: bytes
    shape: tuple[int, ...]
    trust: float
    size: float


def read_by_net(
    where: Path, run: Path, device: str, cache: ArrayCache, progress: Progress
) -> tuple[tuple[Problem, ...], Iterator[Found]]:
    """Give what could not be used of a cohort, and the masks of all other images.

    Raises
    ------
    medssl.errors.MedsslError
        If the net is gone or damaged, or no image can be used.
    """
    from medssl.prepare import prepare_cohort
    from medssl.segment.learned import open_learned

    leave_a_core_to_the_window()
    progress(0, 0, "Opening the net")
    net = open_learned(run, device)
    prepared = prepare_cohort(list_where(where, progress), net.input, cache, progress)
    return prepared.problems, _outlined(net, prepared.cases, progress)


def _outlined(net: LearnedNet, cases: Sequence[Case], progress: Progress) -> Iterator[Found]:
    from medssl.segment.clusters import typicality

    seen = []
    for number, case in enumerate(cases):
        progress(number, len(cases), f"Segmenting {case.name}")
        seen.append(_see(net, case))
    usual = typicality(np.array([one.size for one in seen]))
    for one, common in zip(seen, usual, strict=True):
        bits = np.frombuffer(zlib.decompress(one.packed), np.uint8)
        mask = np.unpackbits(bits, count=int(np.prod(one.shape))).reshape(one.shape).astype(bool)
        yield Found(one.key, mask, one.trust * float(common) if one.size else 0.0)


def _see(net: LearnedNet, case: Case) -> _Seen:
    """Segment an image once; a net is too slow to be asked twice."""
    from medssl.segment.clusters import expected_dice

    share = net.share(case)
    mask = share > 0.5
    packed = zlib.compress(np.packbits(mask).tobytes(), 1)
    return _Seen(case.key, packed, mask.shape, expected_dice(share), float(mask.mean()))
