"""The job that refines a cohort's landmarks and writes what it finds into the cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from medssl.cohort import CaseRecord, Cohort, ModelRun, NewPoint, Point
from medssl.embed import EmbeddedCohort, embed_cohort, open_landmark_embedder
from medssl.errors import SettingsError
from medssl.jobs.inputs import note_inputs, prepare_images
from medssl.jobs.requests import RefineRequest
from medssl.landmarks import FoundPoint, LandmarkFinder
from medssl.landmarks.refine import Refiner
from medssl.prepare import ArrayCache
from medssl.prepare.orientation import working_ndim
from medssl.progress import Progress
from medssl.runs import RunFolder

REFINED = "refined"
"""Stands after the model's name with the predictions."""


def refine_in(run: RunFolder, request: RefineRequest, progress: Progress) -> None:
    """Refine the landmarks of a cohort, and write all predictions in one transaction.

    Until then the cohort is only read. A point of a person is never replaced, and what a person
    sets while this works counts when it is written: no prediction is stored beside it.

    Raises
    ------
    SettingsError
        If no person has set a point of the landmarks.
    CohortError
        If the cohort cannot be opened or written.
    """
    with Cohort.open(request.cohort) as cohort:
        clicks = _clicks(cohort, request)
        cases = cohort.cases()
        ndim = _dimension(cases, clicks)
        sources = [case.source() for case in cases if working_ndim(case.grid) == ndim]
        others = len(cases) - len(sources)
        if others:
            what = "pictures" if ndim == 3 else "volumes"
            run.event(
                "log", level="warning", message=f"{others} {what} take no part: works in {ndim}-D"
            )
        embedder = open_landmark_embedder(request.model, ndim, request.device)
        prepared = prepare_images(sources, embedder.settings, run, progress)
        note_inputs(prepared, run)
        embedded = embed_cohort(prepared, embedder, ArrayCache(), progress)
        run.state("running", step=0, steps=len(embedded.cases))
        finder = LandmarkFinder(embedded)
        for landmark in _add_templates(finder, clicks, embedded, run):
            run.event("log", level="warning", message=f"{landmark}: no image with its points left")
        found = Refiner(finder, request.settings, progress).refine(progress=progress)
        model = f"{embedder.name} {REFINED}"
        stored = _write(cohort, found, model)
        cohort.add_run(
            ModelRun(
                "refine",
                model,
                embedder.fingerprint,
                str(run.path),
                request.settings.model_dump(mode="json"),
                stored,
            )
        )
    count = len(embedded.cases)
    run.state("done", step=count, steps=count, message=f"{stored} points found")


def _dimension(cases: Sequence[CaseRecord], clicks: Sequence[Point]) -> int:
    """Give the dimension of most clicked images: pictures and volumes are not found together."""
    of_case = {case.key: working_ndim(case.grid) for case in cases}
    (most, _), *_ = Counter(of_case[click.case_key] for click in clicks).most_common(1)
    return most


def _clicks(cohort: Cohort, request: RefineRequest) -> list[Point]:
    wanted = request.landmarks or tuple(landmark.name for landmark in cohort.landmarks())
    clicks = [p for name in wanted for p in cohort.points(landmark=name, kind="human")]
    without = [n for n in request.landmarks if n not in {p.landmark for p in clicks}]
    if not clicks or without:
        raise SettingsError(
            f"{cohort.path}: nobody has set {', '.join(without) or 'a point'} in any image. "
            "Click it in one image first."
        )
    return clicks


def _add_templates(
    finder: LandmarkFinder, clicks: Sequence[Point], embedded: EmbeddedCohort, run: RunFolder
) -> list[str]:
    """Show the finder what persons have set; give the landmarks that none is left of."""
    usable = {one.case.key for one in embedded.cases}
    for point in clicks:
        if point.case_key not in usable:
            continue  # told when it could not be prepared
        try:
            finder.add_template(point.landmark, point.case_key, point.point_vox)
        except SettingsError as error:
            run.event("log", level="left out", path=point.case_key, message=str(error))
    if not finder.templates:
        raise SettingsError(
            "not one image with a person's points can be read; the run's log says why. "
            "Look whether the drive is there (medssl cohort check)."
        )
    return [n for n in dict.fromkeys(p.landmark for p in clicks) if n not in finder.templates]


def _write(cohort: Cohort, found: Sequence[FoundPoint], model: str) -> int:
    """Store predictions where no person has set a point by now; give their number."""
    by_person = {(p.case_key, p.landmark) for p in cohort.points(kind="human")}
    points = [
        NewPoint(p.case_key, p.landmark, p.point_vox, None, "predicted", p.confidence, model)
        for p in found
        if (p.case_key, p.landmark) not in by_person
    ]
    cohort.set_points(points)
    return len(points)
