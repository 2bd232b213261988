"""Carry a point through other images too: ways that disagree tell of a poor match.

A point of image A is carried to image B directly and by way of a few other images C. How far the
ways disagree predicts the error better than any sign of the direct match alone (measured:
docs/method-landmarks.md); their mean is no better than the direct result, so that it is used for
the confidence only. All ways are coarse alignments, which are quick.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from medssl.embed import EmbeddedCohort
from medssl.landmarks.coarse import CohortAligner
from medssl.landmarks.tally import Tally
from medssl.landmarks.templates import Template

_ANCHORS = 100
_ROUNDS = 4
_CELLS = 500
_MOST_PAIRS = 3000


class Relays:
    """Ways from a template image to all others through a few images between.

    Parameters
    ----------
    embedded
        The cohort.
    count
        Largest number of images between; large cohorts use fewer, small ones what they have.
    """

    def __init__(self, embedded: EmbeddedCohort, count: int) -> None:
        self._keys = [one.case.key for one in embedded.cases]
        affordable = max(2, _MOST_PAIRS // max(1, len(self._keys)))
        self._count = min(count, affordable, max(0, len(self._keys) - 2))
        self._aligner = CohortAligner(embedded, _ANCHORS, _ROUNDS, _CELLS)

    @property
    def work(self) -> int:
        """Pairs of images that `prepare` aligns for one template image."""
        return (self._count + 1) * len(self._keys) if self._count else 0

    def prepare(self, template: str, tally: Tally) -> None:
        """Align all ways of a template image, so that points are carried at once."""
        if self._count:
            self._aligner.align(template, self._keys, tally)
            for relay in self._between(template):
                self._aligner.align(relay, self._keys, tally)

    def scatter(self, template: Template, keys: list[str]) -> NDArray[np.float32]:
        """Mean distance of the ways from the direct one, ``(B,)``, in units; NaN without relays."""
        if not self._count:
            return np.full(len(keys), np.nan, np.float32)
        start = self._aligner.units(np.array([template.place]))
        everywhere, _ = self._aligner.align(template.case_key, self._keys).map_points(start)
        row = {key: i for i, key in enumerate(self._keys)}
        direct = everywhere[[row[key] for key in keys], 0]
        distances = []
        for relay in self._between(template.case_key):
            onward, _ = self._aligner.align(relay, keys).map_points(everywhere[row[relay]])
            distances.append((onward[:, 0] - direct).norm(dim=-1))
        return np.asarray(torch.stack(distances).mean(0).numpy(), np.float32)

    def _between(self, template: str) -> list[str]:
        """Pick the images that the template image aligns to best."""
        quality = self._aligner.align(template, self._keys).weight.mean(1)
        order = [self._keys[i] for i in torch.argsort(quality, descending=True).tolist()]
        return [key for key in order if key != template][: self._count]
