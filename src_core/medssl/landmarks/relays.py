"""Carry a point through other images too: ways that disagree tell of a poor match.

A point of image A is carried to image B by way of a few other images C. How far apart the ways
end predicts the error, on chest films better than any sign of the direct match
(docs/method-landmarks.md); their mean is no better than the direct result, so that it is used for
the confidence only. The ways are coarse alignments, which are quick.
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
_FEWEST = 3


class Relays:
    """Ways from a template image to all others through a few images between.

    The images between are the same for every template, evenly spread over the cohort, so that
    their part of the way is aligned once.

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
        wanted = min(count, affordable, max(0, len(self._keys) - 2))
        rows = np.linspace(0, len(self._keys) - 1, wanted + 2)[1:-1].tolist() if wanted else []
        self._relays = [self._keys[round(row)] for row in rows]
        self._aligner = CohortAligner(embedded, _ANCHORS, _ROUNDS, _CELLS)

    @property
    def work(self) -> int:
        """Pairs of images that `prepare` aligns for one template image."""
        return len(self._relays) * (len(self._keys) + 1)

    def prepare(self, template: str, tally: Tally) -> None:
        """Align all ways of a template image, so that points are carried at once."""
        for relay in self._relays:
            self._aligner.align(relay, self._keys, tally)
        if self._relays:
            self._aligner.align(template, self._relays, tally)

    def scatter(self, template: Template, keys: list[str]) -> NDArray[np.float32]:
        """Tell how far apart the ways through other images end.

        Parameters
        ----------
        template
            The click.
        keys
            The images that it is carried to.

        Returns
        -------
        scatter
            Mean distance from the median of the ways ``(B,)``, in units; NaN with fewer than
            three of them.
        """
        relays = [key for key in self._relays if key != template.case_key]
        if len(relays) < _FEWEST:
            return np.full(len(keys), np.nan, np.float32)
        start = self._aligner.units(np.array([template.place]))
        between, _ = self._aligner.align(template.case_key, relays).map_points(start)
        ends = []
        for relay, place in zip(relays, between, strict=True):
            onward, _ = self._aligner.align(relay, keys).map_points(place)
            ends.append(onward[:, 0])
        ways = torch.stack(ends)
        apart = (ways - ways.median(0).values).norm(dim=-1)
        return np.asarray(apart.mean(0).numpy(), np.float32)
