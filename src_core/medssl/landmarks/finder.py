"""One click in one image, found in all the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medssl.embed import EmbeddedCase, EmbeddedCohort
from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.landmarks.coarse import CohortAligner
from medssl.landmarks.confidence import confidence_of, level_of
from medssl.landmarks.found import FoundPoint
from medssl.landmarks.fusion import CONSENSUS, TAKES_OVER, fuse
from medssl.landmarks.maps import map_similarity
from medssl.landmarks.matching import Matcher, Matches
from medssl.landmarks.pooling import pool_window
from medssl.landmarks.remembered import RememberedMatches
from medssl.landmarks.settings import MatchSettings
from medssl.landmarks.shape import break_shape
from medssl.landmarks.tally import Tally
from medssl.landmarks.templates import Template, describe
from medssl.progress import Progress, silent

_BATCH = 64


class LandmarkFinder:
    """Finds landmarks in an embedded cohort from one or a few clicked points each.

    The click's place in another image comes from a smooth deformation between the two images
    (`medssl.correspond.alignment`) and from the peak of the similarity map near it (LD, section
    5: center-sensitive one-shot localization, arXiv 2108.09440). Several clicks for one landmark
    vote. Nothing is drawn at random: the same clicks give the same points.

    Parameters
    ----------
    embedded
        The cohort with its embeddings.
    settings
        How to match.
    """

    def __init__(self, embedded: EmbeddedCohort, settings: MatchSettings | None = None) -> None:
        ndim = embedded.embedder.ndim
        self.settings = settings if settings is not None else MatchSettings.for_dimension(ndim)
        self._embedded = embedded
        self._templates: dict[str, dict[str, Template]] = {}
        chosen = self.settings
        aligner = CohortAligner(embedded, chosen.anchors, chosen.iterations, chosen.cells)
        self._unit_voxels = aligner.unit_voxels
        self._matcher = Matcher(embedded, self.settings, aligner)
        self._matches = RememberedMatches(self._matcher)

    @property
    def templates(self) -> dict[str, list[Template]]:
        """The clicked points of each landmark."""
        return {name: list(by_case.values()) for name, by_case in self._templates.items()}

    @property
    def embedded(self) -> EmbeddedCohort:
        """The cohort that is searched."""
        return self._embedded

    @property
    def templates_by_case(self) -> Mapping[str, Mapping[str, Template]]:
        """The clicked points of each landmark, by image."""
        return self._templates

    def add_template(self, landmark: str, case_key: str, point_vox: ArrayLike) -> None:
        """Take a clicked point as an example of a landmark; one an image, the last one counts.

        Parameters
        ----------
        landmark
            Name of the landmark.
        case_key
            Image of the click.
        point_vox
            The click ``(z, y, x)`` or ``(y, x)``, in the image's own voxels.

        Raises
        ------
        SettingsError
            If the image is not in the cohort, or the point lies outside of it.
        """
        one = self._embedded.case(case_key)
        point = np.asarray(point_vox, float)
        grid = one.case.source_grid
        if point.shape != (grid.ndim,) or not grid.contains_voxel(point):
            raise SettingsError(
                f"{landmark}: the point {_words(point)} lies outside of {one.case.name} "
                f"({' × '.join(map(str, grid.shape))} voxels). Click inside the image."
            )
        place = self._to_cells(one, point)
        template = Template(
            landmark,
            case_key,
            tuple(float(v) for v in point),
            tuple(place.tolist()),
            describe(self._vectors(one), place),
        )
        self._templates.setdefault(landmark, {})[case_key] = template

    def remove_template(self, landmark: str, case_key: str) -> None:
        """Forget the click of a landmark in one image; nothing happens if there is none."""
        by_case = self._templates.get(landmark, {})
        by_case.pop(case_key, None)
        if not by_case:
            self.clear(landmark)

    def clear(self, landmark: str) -> None:
        """Forget all clicks of a landmark."""
        self._templates.pop(landmark, None)

    def prepare(self, case_key: str, progress: Progress = silent) -> None:
        """Align an image to all others ahead of a click in it, so that the click is instant.

        Raises
        ------
        SettingsError
            If the image is not in the cohort.
        """
        self._embedded.case(case_key)
        self._matcher.prepare(case_key, Tally(progress, self._matcher.work))

    def find(
        self,
        landmarks: Sequence[str] | None = None,
        cases: Sequence[str] | None = None,
        progress: Progress = silent,
    ) -> list[FoundPoint]:
        """Find landmarks in images where they were not clicked.

        Parameters
        ----------
        landmarks
            Names; all with a template by default.
        cases
            Keys of the images to search; all by default.
        progress
            Called after each batch of images with one count over alignment and search; may raise
            `Cancelled`.

        Returns
        -------
        found
            One point a landmark and image, in the order of the landmarks, then of the images.

        Raises
        ------
        SettingsError
            If a landmark has no template, or an image is not in the cohort.
        """
        names = list(self._templates) if landmarks is None else list(landmarks)
        keys = [c.case.key for c in self._embedded.cases] if cases is None else list(cases)
        for name in names:
            if not self._templates.get(name):
                raise SettingsError(f"{name}: click it in one image first")
        for key in keys:
            self._embedded.case(key)
        wanted_of = {n: [k for k in keys if k not in self._templates[n]] for n in names}
        sources = list(dict.fromkeys(k for n in names for k in self._templates[n]))
        pieces = len(sources) * self._matcher.work + sum(map(len, wanted_of.values()))
        tally = Tally(progress, pieces)
        for key in sources:
            self._matcher.prepare(key, tally)
        found: dict[tuple[str, str], FoundPoint] = {}
        for name, wanted in wanted_of.items():
            for start in range(0, len(wanted), _BATCH):
                batch = wanted[start : start + _BATCH]
                for point in self._find_in(name, batch):
                    found[name, point.case_key] = point
                tally.add(len(batch), f"Finding {name}")
        ordered = [found[n, k] for n in wanted_of for k in keys if (n, k) in found]
        return self._check_shape(ordered)

    def find_consensus(self, found: Sequence[FoundPoint]) -> list[FoundPoint]:
        """Give what was found as all templates see it together, each counting nearly alike.

        `find` lets the template decide that looks most like the place: a correction is followed
        where images look like the corrected one. The consensus averages over what is loose or
        by chance in single clicks; on phantoms with six templates it is 3 % to 6 % nearer.

        Parameters
        ----------
        found
            From `find`, with the same templates.
        """
        keys_of: dict[str, list[str]] = {}
        for point in found:
            keys_of.setdefault(point.landmark, []).append(point.case_key)
        agreed = {
            (name, point.case_key): point
            for name, keys in keys_of.items()
            for point in self._find_in(name, keys, CONSENSUS)
        }
        return self._check_shape([agreed[one.landmark, one.case_key] for one in found])

    def _check_shape(self, found: list[FoundPoint]) -> list[FoundPoint]:
        if self.settings.shape_check and len(self._templates) >= 4:
            return break_shape(found, self._templates, self._embedded)
        return found

    def similarity_map(self, landmark: str, case_key: str) -> tuple[NDArray[np.float32], Grid]:
        """Similarity of each cell of an image to the nearest template of a landmark.

        Returns
        -------
        values
            Cosine in −1 to 1, on the cells.
        grid
            Where the cells lie in the world.

        Raises
        ------
        SettingsError
            If the landmark has no template, or the image is not in the cohort.
        """
        if not self._templates.get(landmark):
            raise SettingsError(f"{landmark}: click it in one image first")
        one = self._embedded.case(case_key)
        vectors = self._vectors(one)
        templates = self._templates[landmark].values()
        maps = np.stack([map_similarity(vectors, template.descriptor) for template in templates])
        return np.asarray(maps.max(0)), one.cell_grid

    def _find_in(
        self, name: str, keys: list[str], sharpness: float = TAKES_OVER
    ) -> list[FoundPoint]:
        templates = list(self._templates[name].values())
        matches = [self._matches.match(template, keys) for template in templates]
        fused = fuse(matches, sharpness)
        return [
            self._report(name, key, self._embedded.case(key), fused, row)
            for row, key in enumerate(keys)
        ]

    def _report(
        self, name: str, key: str, one: EmbeddedCase, fused: Matches, row: int
    ) -> FoundPoint:
        grid = one.case.source_grid
        working = fused.places[row] * one.stride + (one.stride - 1) / 2
        limits = np.array(grid.shape) - 1.0
        point = np.clip(one.case.working_to_source(working), 0, limits)
        confidence = confidence_of(fused, row)
        cycle = float(fused.cycle[row])
        return FoundPoint(
            landmark=name,
            case_key=key,
            point_vox=tuple(point.tolist()),
            point_world=tuple(grid.voxel_to_world(point).tolist()),
            confidence=confidence,
            level=level_of(confidence),
            similarity=float(fused.similarity[row]),
            margin=float(fused.margin[row]),
            cycle_error=cycle * self._cell_length(one) if self.settings.cycle else None,
        )

    def _vectors(self, one: EmbeddedCase) -> NDArray[Any]:
        side = self.settings.window_share * self._unit_voxels / one.stride
        return pool_window(one.embedding, side) if side > 0 else one.embedding

    @staticmethod
    def _to_cells(one: EmbeddedCase, point_vox: NDArray[np.float64]) -> NDArray[np.float64]:
        working = one.case.source_to_working(point_vox)
        return np.asarray((working - (one.stride - 1) / 2) / one.stride)

    @staticmethod
    def _cell_length(one: EmbeddedCase) -> float:
        return float(np.mean(one.cell_grid.spacing))


def _words(point: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{value:.1f}" for value in point) + ")"
