"""From a click and its corrections to better points in all images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medssl.landmarks.finder import LandmarkFinder
from medssl.landmarks.found import FoundPoint
from medssl.landmarks.refine.features import Features
from medssl.landmarks.refine.joining import head_share, join_point
from medssl.landmarks.refine.labels import Clicks, make_labels
from medssl.landmarks.refine.settings import RefineSettings
from medssl.landmarks.refine.training import ask_head, train_head
from medssl.landmarks.shape import break_shape
from medssl.landmarks.tally import Tally
from medssl.progress import Progress, silent

_ASKED = 32


class Refiner:
    """Refines what a finder finds: the surest points teach a heat-map head, which answers anew.

    The encoder stays as it is; a small head learns from the points that a person has set and from
    the surest that were found, and is asked about each image, also turned, scaled and shifted a
    little. How far these answers agree, with each other and with the match, says how sure the
    point is; it lies between them, nearer to the match where the answers disagree.

    Parameters
    ----------
    finder
        With its cohort; its templates are the person's points.
    settings
        How to refine.
    progress
        Called while the features are worked out.
    """

    def __init__(
        self,
        finder: LandmarkFinder,
        settings: RefineSettings | None = None,
        progress: Progress = silent,
    ) -> None:
        self.settings = settings if settings is not None else RefineSettings()
        self._finder = finder
        chosen = self.settings
        self._features = Features(finder.embedded, chosen.features, chosen.cells, progress)

    def refine(
        self, found: Sequence[FoundPoint] | None = None, progress: Progress = silent
    ) -> list[FoundPoint]:
        """Find all landmarks with a template again, in all images where no person has set them.

        Parameters
        ----------
        found
            What the finder has found, so that it need not search again.
        progress
            Called after each step of training; may raise `Cancelled`.

        Returns
        -------
        found
            One point a landmark and image, as the finder gives them; the same templates and seed
            give the same points, bit for bit.

        Raises
        ------
        SettingsError
            If no landmark has a template.
        """
        if found is None:
            found = self._finder.find(progress=progress)
        found = self._finder.find_consensus(found)
        clicks = {
            name: {key: template.point_vox for key, template in by_case.items()}
            for name, by_case in self._finder.templates_by_case.items()
        }
        keys = list(dict.fromkeys(one.case_key for one in found))
        if not keys:
            return []
        answers = self._answer(clicks, found, keys, progress)
        rows = {key: row for row, key in enumerate(keys)}
        columns = {name: column for column, name in enumerate(clicks)}
        refined = [
            self._join(one, answers[:, rows[one.case_key], columns[one.landmark]]) for one in found
        ]
        if self._finder.settings.shape_check and len(clicks) >= 4:
            templates = self._finder.templates_by_case
            refined = break_shape(refined, templates, self._finder.embedded)
        return refined

    def _answer(
        self, clicks: Clicks, found: Sequence[FoundPoint], keys: list[str], progress: Progress
    ) -> NDArray[np.float64]:
        """Ask all heads: ``(answers, images, landmarks, ndim)`` in coarse cells."""
        chosen = self.settings
        labels = make_labels(clicks, found, self._features, chosen)
        tally = Tally(progress, chosen.heads * (chosen.steps + len(keys)))
        answers: list[Tensor] = []
        for number in range(chosen.heads):
            seed = chosen.seed * chosen.heads + number
            message = f"Training head {number + 1} of {chosen.heads}"
            head = train_head(self._features, labels, chosen, seed, partial(tally.add, 1, message))
            parts = []
            for start in range(0, len(keys), _ASKED):
                batch = keys[start : start + _ASKED]
                parts.append(ask_head(head, self._features, batch))
                tally.add(len(batch), f"Asking head {number + 1} of {chosen.heads}")
            answers.append(torch.cat(parts, 1))
        return np.asarray(torch.cat(answers).numpy(), np.float64)

    def _join(self, match: FoundPoint, answers: NDArray[np.float64]) -> FoundPoint:
        """Join the answers ``(answers, ndim)`` for one point with its match."""
        key = match.case_key
        cells = self._finder.embedded.case(key)
        longest = max(cells.case.grid.shape) / self._features.stride
        matched = self._features.to_cells(key, match.point_vox)
        middle = np.median(answers, 0)
        apart = float(np.linalg.norm(answers - middle, axis=1).mean()) / longest
        away = float(np.linalg.norm(middle - matched)) / longest
        share = head_share(apart)
        point = self._features.to_source(key, share * middle + (1 - share) * matched)
        world = cells.case.source_grid.voxel_to_world(point)
        return join_point(match, point, world, apart, away)
