"""The standard evaluation of one-shot landmarks: one template image predicts all others."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from medssl.errors import SettingsError
from medssl.evaluate.methods import Guess, Method, open_method
from medssl.evaluate.report import landmark_report
from medssl.evaluate.spacing import case_spacings
from medssl.evaluate.truth import (
    TruthCase,
    draw_templates,
    match_truth,
    queries_of,
    usable_truth,
)
from medssl.io import (
    ImageListing,
    list_images,
    read_landmarks_csv,
)
from medssl.prepare import ArrayCache, Case
from medssl.progress import Progress, silent


def evaluate_landmarks(
    images: str | Path | Sequence[str | Path] | ImageListing,
    truth_csv: str | Path,
    model: str | Path,
    templates: int = 4,
    seed: int = 0,
    spacing_csv: str | Path | None = None,
    cache: ArrayCache | None = None,
    progress: Progress = silent,
    device: str = "auto",
) -> dict[str, Any]:
    """Measure how well one annotated image predicts the landmarks of all others.

    Template images are drawn by the seed. Each of them alone predicts every other image that
    is not of its group; all these predictions together are scored.

    Parameters
    ----------
    images
        Folder, file, list, or what `medssl.io.list_images` returned.
    truth_csv
        Columns ``image,landmark,x,y[,z][,group]`` in 0-based voxels.
    model
        ``"position"`` or ``"ncc"`` (baselines), ``"instant"``, a model folder or a run folder.
    templates
        Number of template images.
    seed
        Decides which.
    spacing_csv
        Pixel sizes ``image,x_mm,y_mm[,z_mm]`` for files that do not carry them; they go before
        what the files say.
    cache
        Where prepared images and embeddings are kept; by default the user's cache.
    progress
        Called throughout.
    device
        For models: ``"auto"``, ``"cpu"``, ``"cuda"``, ...

    Returns
    -------
    dict
        What `medssl.evaluate.landmark_report` gives, and ``model``, ``seed``, ``templates``
        (the images drawn), ``images`` (their number, with true points), ``problems`` (what was
        left out, and why) and ``warnings`` (what a person must know about the images).

    Raises
    ------
    FileRefusedError
        If the truth file does not fit the images.
    SettingsError
        If there are too few images for the templates, or nothing is left to score.
    """
    truth_path = Path(truth_csv)
    cache = cache if cache is not None else ArrayCache()
    listing = images if isinstance(images, ImageListing) else list_images(images, progress)
    rows = read_landmarks_csv(truth_path)
    truth, absent = match_truth(rows, listing.sources, truth_path)
    ndim: Literal[2, 3] = 3 if len(rows[0].point_vox) == 3 else 2
    prepared, method = open_method(
        str(model), ndim, [t.source for t in truth], cache, progress, device
    )
    cases = {case.key: case for case in prepared.cases}
    truth, outside = usable_truth(truth, cases)
    drawn = draw_templates(truth, templates, seed)
    runs = _Runs(cases, truth, case_spacings(spacing_csv, prepared.cases))
    for template in drawn:
        runs.add(template, method, progress)
    unusable = [p.message for p in (*listing.problems, *prepared.problems)]
    problems = [*unusable, *absent, *outside, *runs.unknown_spacing()]
    return {
        **runs.report(),
        "model": str(model),
        "seed": seed,
        "templates": [template.source.key for template in drawn],
        "images": len(truth),
        "problems": problems,
        "warnings": list(prepared.warnings),
    }


class _Runs:
    """The one-shot runs so far: predicted and true points, and the time that they took."""

    def __init__(
        self,
        cases: dict[str, Case],
        truth: Sequence[TruthCase],
        spacings: dict[str, tuple[float, ...] | None],
    ) -> None:
        self._cases = cases
        self._truth = truth
        self._points = {case.source.key: case.points for case in truth}
        self._spacings = spacings
        self._scored: list[Guess] = []
        self._seconds: list[float] = []

    def add(self, template: TruthCase, method: Method, progress: Progress) -> None:
        """Predict from one template, and keep the points whose truth is known."""
        queries = [self._cases[case.source.key] for case in queries_of(template, self._truth)]
        if not queries:
            return
        answer = method(self._cases[template.source.key], template.points, queries, progress)
        self._seconds.append(answer.seconds_per_click)
        self._scored += [g for g in answer.guesses if g.landmark in self._points[g.case_key]]

    def report(self) -> dict[str, Any]:
        """Score all runs together."""
        if not self._scored:
            raise SettingsError(
                "nothing is left to score: every image with these landmarks belongs to the "
                "template's own group; give images of more patients"
            )
        shapes = [self._cases[g.case_key].source_grid.shape for g in self._scored]
        return landmark_report(
            [g.point_vox for g in self._scored],
            [self._points[g.case_key][g.landmark] for g in self._scored],
            [g.landmark for g in self._scored],
            shapes,
            [self._spacings[g.case_key] for g in self._scored],
            [g.confidence for g in self._scored],
            statistics.fmean(self._seconds),
        )

    def unknown_spacing(self) -> list[str]:
        """Say why there is nothing in millimetres where some sizes are known and some are not."""
        scored = {g.case_key for g in self._scored}
        unknown = sorted(key for key in scored if self._spacings[key] is None)
        if not unknown or len(unknown) == len(scored):
            return []
        return [f"{key}: its pixel size is not known, so no mean in mm is given" for key in unknown]
