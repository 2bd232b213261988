"""One template matched in a batch of images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCohort
from medssl.landmarks.coarse import CohortAligner
from medssl.landmarks.pooling import pool_window
from medssl.landmarks.relays import Relays
from medssl.landmarks.settings import MatchSettings
from medssl.landmarks.templates import Template
from medssl.landmarks.windows import Windows, cut_windows, find_peaks, sample_windows
from medssl.progress import Progress

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
    scatter
        How far the ways through other images disagree, as a share of the longest side ``(B,)``.
    """

    places: Floats
    similarity: Floats
    margin: Floats
    cycle: Floats
    disagreement: Floats
    support: Floats
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

    def prepare(self, case_key: str, progress: Progress) -> None:
        """Align an image to all others, directly and through the relays."""
        if self._settings.align:
            keys = [one.case.key for one in self._embedded.cases]
            self._aligner.align(case_key, keys, progress)
            self._relays.prepare(case_key, progress)

    def match(self, template: Template, keys: list[str]) -> Matches:
        """Match one template in some images."""
        expected, support = self._expect(template, keys)
        windows = self._windows(keys, expected)
        similarity = np.einsum("bne,e->bn", windows.vectors, template.descriptor)
        away2 = ((windows.places - expected[:, None]) ** 2).sum(-1) / self._cells_a_unit**2
        pull = self._settings.pull if self._settings.align else 0.0
        peaks = find_peaks(similarity - pull * away2.astype(np.float32), windows)
        blend = self._settings.blend if self._settings.align else 1.0
        places = (1 - blend) * expected + blend * peaks.places
        vectors = sample_windows(windows, places)
        return Matches(
            places=places,
            similarity=vectors @ template.descriptor,
            margin=peaks.margins,
            cycle=self._cycle(template, vectors),
            disagreement=np.linalg.norm(peaks.places - expected, axis=1) / self._cells_a_unit,
            support=support,
            scatter=self._relays.scatter(template, keys),
        )

    def _expect(self, template: Template, keys: list[str]) -> tuple[Floats, Floats]:
        """Where the alignment puts the click, in cells, and how many matches support that."""
        if self._settings.align:
            alignment = self._aligner.align(template.case_key, keys)
            places, support = alignment.map_points(self._aligner.units(np.array([template.place])))
            return self._aligner.cells(places[:, 0]), support[:, 0].numpy()
        cells = np.array([self._embedded.case(key).cells for key in keys], np.float32)
        centres = np.asarray((cells - 1) / 2, np.float32)
        return centres, np.zeros(len(keys), np.float32)

    def _windows(self, keys: list[str], centres: Floats) -> Windows:
        embeddings = [self._embedded.case(key).embedding for key in keys]
        side = self._settings.window_share * self._cells_a_unit
        if self._settings.align:
            radius = max(3, math.ceil(_REACH * self._cells_a_unit))
        else:
            radius = max(max(e.shape[:-1]) for e in embeddings) // 2 + 1
        if side == 0:
            return cut_windows(embeddings, centres, radius)
        pooled = [pool_window(embedding, side) for embedding in embeddings]
        return cut_windows(pooled, centres, radius)

    def _cycle(self, template: Template, vectors: Floats) -> Floats:
        """Distance in cells from the click to the place that matches the found vectors best."""
        if not self._settings.cycle:
            return np.zeros(len(vectors), np.float32)
        centre = np.array([template.place])
        window = self._windows([template.case_key], centre.astype(np.float32))
        back = vectors @ window.vectors[0].T
        repeated = Windows(
            window.vectors,
            np.repeat(window.places, len(vectors), 0),
            np.repeat(window.inside, len(vectors), 0),
        )
        places = find_peaks(np.asarray(back, np.float32), repeated).places
        return np.asarray(np.linalg.norm(places - centre, axis=1), np.float32)
