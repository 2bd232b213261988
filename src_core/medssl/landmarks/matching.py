"""One template matched in a batch of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCohort
from medssl.landmarks.coarse import CohortAligner
from medssl.landmarks.maps import NOTHING, find_peak, map_similarity
from medssl.landmarks.pooling import pool_window
from medssl.landmarks.relays import Relays
from medssl.landmarks.settings import MatchSettings
from medssl.landmarks.tally import Tally
from medssl.landmarks.templates import Template, describe
from medssl.landmarks.windows import Windows, cut_windows, sample_windows

_REACH = 0.15
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Matches:
    """A template's matches in ``B`` images, and what tells how good they are.

    Parameters
    ----------
    places
        Found places ``(B, ndim)``, in cells.
    similarity
        Cosine at the peak ``(B,)``.
    margin
        Lead of the peak over the next separate one ``(B,)``.
    cycle
        Distance from the click to the best match of the found place, in cells ``(B,)``.
    disagreement
        Distance between the alignment and the similarity peak, as a share of the longest side.
    support
        Trusted matches of the alignment around the place ``(B,)``.
    trust
        Mean trust in all matches of the alignment, 0 to 1 ``(B,)``; 0 where one of the images
        is constant, NaN without an alignment.
    scatter
        Distance of the ways through other images from their median, as a share of the longest
        side ``(B,)``; NaN where there are no such ways.
    """

    places: Floats
    similarity: Floats
    margin: Floats
    cycle: Floats
    disagreement: Floats
    support: Floats
    trust: Floats
    scatter: Floats


class Matcher:
    """Matches templates in the images of a cohort, with or without the alignment."""

    def __init__(
        self, embedded: EmbeddedCohort, settings: MatchSettings, aligner: CohortAligner
    ) -> None:
        self._embedded = embedded
        self._settings = settings
        self._aligner = aligner
        self._relays = Relays(embedded, settings.relays if settings.align else 0)
        self._cells_a_unit = aligner.unit_voxels / embedded.embedder.stride

    @property
    def work(self) -> int:
        """Pairs of images that `prepare` aligns for one template image."""
        return len(self._embedded.cases) + self._relays.work if self._settings.align else 0

    def prepare(self, case_key: str, tally: Tally) -> None:
        """Align an image to all others, directly and through the relays."""
        if self._settings.align:
            self._aligner.align(case_key, [one.case.key for one in self._embedded.cases], tally)
            self._relays.prepare(case_key, tally)

    def match(self, template: Template, keys: list[str]) -> Matches:
        """Match one template in some images."""
        if self._settings.align:
            return self._match_aligned(template, keys)
        return self._match_plainly(template, keys)

    def _match_aligned(self, template: Template, keys: list[str]) -> Matches:
        """Take the similarity peak near the place where the alignment puts the click."""
        alignment = self._aligner.align(template.case_key, keys)
        mapped, support = alignment.map_points(self._aligner.units(np.array([template.place])))
        expected = self._aligner.cells(mapped[:, 0])
        windows = self._windows(keys, expected)
        away2 = ((windows.places - expected.reshape(len(keys), *_ones(expected))) ** 2).sum(-1)
        pull = (self._settings.pull / self._cells_a_unit**2) * away2
        values = np.where(windows.inside, windows.vectors @ template.descriptor - pull, NOTHING)
        peaks = [find_peak(one) for one in values]
        peaked = np.stack([peak.place for peak in peaks]) + windows.corners
        blend = self._settings.blend
        places = np.asarray((1 - blend) * expected + blend * peaked, np.float32)
        vectors = sample_windows(windows, places)
        return Matches(
            places=places,
            similarity=vectors @ template.descriptor,
            margin=_floats([peak.margin for peak in peaks]),
            cycle=self._cycle(template, vectors),
            disagreement=_floats(np.linalg.norm(peaked - expected, axis=1) / self._cells_a_unit),
            support=support[:, 0].numpy(),
            trust=alignment.weight.mean(-1).numpy() * self._structured(template, keys),
            scatter=self._relays.scatter(template, keys),
        )

    def _match_plainly(self, template: Template, keys: list[str]) -> Matches:
        """Take the peak of the whole similarity map, as in the paper."""
        peaks, vectors = [], []
        for key in keys:
            embedding = self._pooled(key)
            peak = find_peak(map_similarity(embedding, template.descriptor))
            peaks.append(peak)
            vectors.append(describe(embedding, peak.place))
        nothing = np.zeros(len(keys), np.float32)
        unknown = np.full(len(keys), np.nan, np.float32)
        return Matches(
            places=_floats([peak.place for peak in peaks]),
            similarity=_floats([peak.height for peak in peaks]),
            margin=_floats([peak.margin for peak in peaks]),
            cycle=self._cycle(template, np.stack(vectors)),
            disagreement=nothing,
            support=nothing,
            trust=unknown,
            scatter=unknown,
        )

    def _structured(self, template: Template, keys: list[str]) -> Floats:
        known = self._aligner.has_structure(template.case_key)
        return _floats([known and self._aligner.has_structure(key) for key in keys])

    def _windows(self, keys: list[str], centres: Floats) -> Windows:
        radius = max(3, math.ceil(_REACH * self._cells_a_unit))
        return cut_windows([self._pooled(key) for key in keys], centres, radius)

    def _pooled(self, key: str) -> NDArray[Any]:
        side = self._settings.window_share * self._cells_a_unit
        embedding = self._embedded.case(key).embedding
        return pool_window(embedding, side) if side > 0 else embedding

    def _cycle(self, template: Template, vectors: Floats) -> Floats:
        """Distance in cells from the click to the place that matches the found vectors best."""
        if not self._settings.cycle:
            return np.zeros(len(vectors), np.float32)
        centre = np.array([template.place], np.float32)
        if self._settings.align:
            window = self._windows([template.case_key], centre)
            field, inside, corner = window.vectors[0], window.inside[0], window.corners[0]
        else:
            field = np.asarray(self._pooled(template.case_key), np.float32)
            inside, corner = np.ones(field.shape[:-1], bool), np.zeros(centre.shape[1])
        back = (vectors @ field.reshape(-1, field.shape[-1]).T).reshape(-1, *inside.shape)
        back[:, ~inside] = NOTHING
        places = np.stack([find_peak(one).place for one in back]) + corner
        return _floats(np.linalg.norm(places - centre, axis=1))


def _ones(places: Floats) -> tuple[int, ...]:
    return (*(1,) * places.shape[1], places.shape[1])


def _floats(values: Sequence[Any] | NDArray[Any]) -> Floats:
    return np.asarray(values, np.float32)
