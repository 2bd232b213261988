"""What corrections are worth: one click, a few corrections in some order, then refining."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medssl.errors import SettingsError
from medssl.evaluate.methods import open_embedded
from medssl.evaluate.report import REFERENCE_SIDE, landmark_report
from medssl.evaluate.spacing import case_spacings
from medssl.evaluate.truth import TruthCase, match_truth, usable_truth
from medssl.io import ImageListing, list_images, read_landmarks_csv
from medssl.prepare import ArrayCache
from medssl.progress import Progress, silent
from medssl.review import Waiting, case_descriptors, review_order

if TYPE_CHECKING:
    from medssl.landmarks import FoundPoint, LandmarkFinder
    from medssl.landmarks.refine import Refiner, RefineSettings
    from medssl.review.order import Descriptors

Order = Literal["review", "random"]
ORDERS: tuple[Order, ...] = ("review", "random")


@dataclass(frozen=True)
class Draw:
    """One repetition: a template, the images that may be corrected, and those that are scored."""

    template: TruthCase
    pool: tuple[TruthCase, ...]
    held: tuple[TruthCase, ...]


def evaluate_corrections(
    images: str | Path | Sequence[str | Path] | ImageListing,
    truth_csv: str | Path,
    model: str | Path,
    templates: int = 10,
    seed: int = 0,
    corrections: int = 5,
    orders: Sequence[Order] = ORDERS,
    refine: RefineSettings | None = None,
    spacing_csv: str | Path | None = None,
    cache: ArrayCache | None = None,
    progress: Progress = silent,
    device: str = "auto",
) -> dict[str, Any]:
    """Measure one-shot landmarks, the same with corrections, and refined.

    For each of `templates` draws the patients are split in two halves by the seed. The template
    is drawn from the first half; corrections, which are the true points, are made in it only.
    The second half is scored, for all that is compared: no order chooses what it is scored on.
    The finder and the review order see the images of both halves, as they would in use.

    Parameters
    ----------
    images, truth_csv, model, spacing_csv, cache, progress, device
        As of `evaluate_landmarks`; the baselines cannot be corrected.
    templates
        Number of draws.
    seed
        Decides the halves, the templates and the random order.
    corrections
        Images corrected after the template, one after the other; all landmarks are found again
        after each.
    orders
        ``"review"`` (`medssl.review.review_order`) and ``"random"``.
    refine
        How to refine at the end; None: not at all.

    Returns
    -------
    dict
        ``one_shot`` and, for each order, ``corrected`` and ``refined`` (None where it was not
        asked for), each what `landmark_report` gives and ``per_draw`` (``mre_px`` of each draw);
        ``curve``: ``mre_px`` after 0, 1, ... corrections. ``draws``: template, number of images
        scored, corrected images by order. ``model``, ``seed``, ``images``, ``problems`` and
        ``warnings`` as of `evaluate_landmarks`.

    Raises
    ------
    FileRefusedError
        If the truth file does not fit the images.
    SettingsError
        If there are too few images, or the model is a baseline.
    """
    from medssl.landmarks import LandmarkFinder
    from medssl.landmarks.refine import Refiner

    if str(model) in ("position", "ncc"):
        raise SettingsError(f"{model} learns nothing from corrections. Choose a model, or instant.")
    path = Path(truth_csv)
    cache = cache if cache is not None else ArrayCache()
    listing = images if isinstance(images, ImageListing) else list_images(images, progress)
    rows = read_landmarks_csv(path)
    truth, absent = match_truth(rows, listing.sources, path)
    ndim: Literal[2, 3] = 3 if len(rows[0].point_vox) == 3 else 2
    sources = [one.source for one in truth]
    embedded = open_embedded(str(model), ndim, sources, cache, progress, device)
    cases = {one.case.key: one.case for one in embedded.cases}
    truth, outside = usable_truth(truth, cases)
    finder = LandmarkFinder(embedded)
    refiner = Refiner(finder, refine, progress) if refine is not None else None
    work = _Work(finder, refiner, case_descriptors(embedded), progress)
    scores = _Scores(
        {key: case.source_grid.shape for key, case in cases.items()},
        case_spacings(spacing_csv, embedded.prepared.cases),
    )
    draws = [draw_halves(truth, corrections, seed, number) for number in range(templates)]
    chosen = []
    for number, draw in enumerate(draws):
        corrected = work.do(draw, corrections, orders, (seed, number), scores)
        chosen.append(
            {"template": draw.template.source.key, "scored": len(draw.held), "corrected": corrected}
        )
    return {
        "one_shot": scores.report("one_shot", 0),
        **{order: scores.of_order(order, corrections) for order in orders},
        "draws": chosen,
        "corrections": corrections,
        "model": str(model),
        "seed": seed,
        "images": len(truth),
        "problems": [
            *(p.message for p in (*listing.problems, *embedded.prepared.problems)),
            *absent,
            *outside,
        ],
        "warnings": list(embedded.prepared.warnings),
    }


def draw_halves(truth: Sequence[TruthCase], corrections: int, seed: int, number: int) -> Draw:
    """Split the groups in halves and draw a template with the most landmarks from the first.

    Raises
    ------
    SettingsError
        If the first half has not one image more than there are corrections, or the second none.
    """
    rng = np.random.default_rng((seed, number))
    ordered = sorted(truth, key=lambda one: one.source.key)
    groups = [one.group if one.group is not None else one.source.key for one in ordered]
    names = sorted(set(groups))
    held: set[str] = set()
    for row in rng.permutation(len(names)):
        if 2 * sum(group in held for group in groups) >= len(ordered):
            break
        held.add(names[row])
    pairs = list(zip(ordered, groups, strict=True))
    pool = tuple(one for one, group in pairs if group not in held)
    scored = tuple(one for one, group in pairs if group in held)
    if len(pool) <= corrections or not scored:
        raise SettingsError(
            f"{corrections} corrections and a template need half of the images, and there are "
            f"{len(ordered)} with true points. Give more images, or ask for fewer corrections"
        )
    most = max(len(one.points) for one in pool)
    candidates = [one for one in pool if len(one.points) == most]
    return Draw(candidates[int(rng.integers(len(candidates)))], pool, scored)


@dataclass
class _Scores:
    """Found points by what found them, and after how many corrections."""

    shapes: dict[str, tuple[int, ...]]
    spacings: dict[str, tuple[float, ...] | None]
    kept: dict[tuple[str, int], list[list[tuple[FoundPoint, tuple[float, ...]]]]] = field(
        default_factory=dict
    )

    def add(
        self, what: str, count: int, found: Sequence[FoundPoint], held: Sequence[TruthCase]
    ) -> None:
        true = {(one.source.key, name): p for one in held for name, p in one.points.items()}
        keys = [(one, (one.case_key, one.landmark)) for one in found]
        self.kept.setdefault((what, count), []).append([(p, true[k]) for p, k in keys if k in true])

    def report(self, what: str, count: int) -> dict[str, Any]:
        draws = self.kept[what, count]
        pairs = [pair for draw in draws for pair in draw]
        if not all(draws):
            raise SettingsError("nothing is left to score in one of the draws; give more images")
        keys = [point.case_key for point, _ in pairs]
        report = landmark_report(
            [point.point_vox for point, _ in pairs],
            [true for _, true in pairs],
            [point.landmark for point, _ in pairs],
            [self.shapes[key] for key in keys],
            [self.spacings[key] for key in keys],
            [point.confidence for point, _ in pairs],
        )
        per_draw = [statistics.fmean(self._error_px(*pair) for pair in draw) for draw in draws]
        return {**report, "per_draw": per_draw, "mre_px": statistics.fmean(per_draw)}

    def of_order(self, order: Order, corrections: int) -> dict[str, Any]:
        counts = range(corrections + 1)
        names = [("one_shot" if count == 0 else order, count) for count in counts]
        refined = f"{order} refined"
        known = (refined, corrections) in self.kept
        return {
            "corrected": self.report(*names[-1]),
            "refined": self.report(refined, corrections) if known else None,
            "curve": [self.report(*name)["mre_px"] for name in names],
        }

    def _error_px(self, point: FoundPoint, true: tuple[float, ...]) -> float:
        apart = float(np.linalg.norm(np.subtract(point.point_vox, true)))
        return apart * REFERENCE_SIDE / max(self.shapes[point.case_key])


@dataclass
class _Work:
    """What finds, chooses and refines."""

    finder: LandmarkFinder
    refiner: Refiner | None
    descriptors: Descriptors
    progress: Progress

    def do(
        self,
        draw: Draw,
        corrections: int,
        orders: Sequence[Order],
        seed: tuple[int, int],
        scores: _Scores,
    ) -> dict[str, list[str]]:
        """Do one draw in all orders; give the corrected images of each."""
        names = list(self.finder.templates)
        for name in names:
            self.finder.clear(name)
        self._click(draw.template)
        first = self.finder.find(progress=self.progress)
        scores.add("one_shot", 0, first, draw.held)
        chosen: dict[str, list[str]] = {}
        for order in orders:
            choose = self._chooser(order, draw, seed)
            found, done = first, [draw.template]
            for count in range(1, corrections + 1):
                done.append(choose(found, done))
                self._click(done[-1])
                found = self.finder.find(progress=self.progress)
                scores.add(order, count, found, draw.held)
            if self.refiner is not None:
                refined = self.refiner.refine(found, self.progress)
                scores.add(f"{order} refined", corrections, refined, draw.held)
            for one in done[1:]:
                for name in one.points:
                    self.finder.remove_template(name, one.source.key)
            chosen[order] = [one.source.key for one in done[1:]]
        return chosen

    def _click(self, case: TruthCase) -> None:
        for name, point in case.points.items():
            self.finder.add_template(name, case.source.key, point)

    def _chooser(
        self, order: Order, draw: Draw, seed: tuple[int, int]
    ) -> Callable[[Sequence[FoundPoint], Sequence[TruthCase]], TruthCase]:
        pool = {one.source.key: one for one in draw.pool}
        shuffled = np.random.default_rng((*seed, 1)).permutation(sorted(pool)).tolist()

        def choose(found: Sequence[FoundPoint], done: Sequence[TruthCase]) -> TruthCase:
            known = [one.source.key for one in done]
            left = [key for key in shuffled if key not in known]
            if order == "random":
                return pool[left[0]]
            waiting = [
                Waiting(one.case_key, one.confidence) for one in found if one.case_key not in known
            ]
            return pool[review_order(waiting, self.descriptors, known, 1, left)[0]]

        return choose
