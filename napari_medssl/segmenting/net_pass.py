"""A whole cohort by the net that a job learned: images that came after the job too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medssl.errors import Cancelled, MedsslError
from medssl.progress import Progress
from napari_medssl.engine import leave_a_core_to_the_window
from napari_medssl.listing import list_where
from napari_medssl.segmenting.passes import Found

if TYPE_CHECKING:
    from medssl.io import Problem
    from medssl.prepare import ArrayCache, Case
    from medssl.segment.learned import LearnedNet


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
    """Yield each mask at once, then its confidence again: usual is what most sizes are.

    A net is too slow to be asked twice. What came before a cancel or an error is told again too.
    """
    from medssl.segment.clusters import expected_dice, typicality

    told: list[tuple[Found, float]] = []
    ended: Cancelled | MedsslError | None = None
    try:
        for number, case in enumerate(cases):
            progress(number, len(cases), f"Segmenting {case.name}")
            share = net.share(case)
            mask = share > 0.5
            found = Found(case.key, mask, expected_dice(share) if mask.any() else 0.0)
            told.append((found._replace(mask=None), float(mask.mean())))
            yield found
    except (Cancelled, MedsslError) as error:
        ended = error
    if told:
        usual = typicality(np.array([size for _, size in told]))
        for (found, _), common in zip(told, usual, strict=True):
            yield found._replace(confidence=found.confidence * float(common))
    if ended is not None:
        raise ended
