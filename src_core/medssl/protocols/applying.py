"""Apply a protocol: every landmark in every image, found from the protocol's own templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medssl.cohort import CaseRecord, Cohort, ModelRun, NewPoint
from medssl.errors import FileRefusedError, SettingsError
from medssl.io.sources import ImageSource, Problem
from medssl.progress import Progress, silent
from medssl.protocols.folder import Protocol, open_protocol
from medssl.protocols.templates import fitting, template_sources

VERB = "protocol"


@dataclass(frozen=True)
class Applied:
    """What was found.

    Parameters
    ----------
    points
        Number of predictions.
    cases
        Number of images that they lie in.
    problems
        Images that could not be searched, and why.
    warnings
        What to know of the images.
    """

    points: int
    cases: int
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def define_landmarks(cohort: Cohort, protocol: Protocol) -> list[str]:
    """Define the protocol's landmarks in a cohort; one of that name stays as it is.

    Returns
    -------
    notes
        Where a landmark of that name is defined in other words.
    """
    here = {record.name: record for record in cohort.landmarks()}
    notes = []
    for one in protocol.landmarks:
        known = here.get(one.name)
        if known is None:
            cohort.add_landmark(one.name, one.text, one.colour, one.side)
        elif one.text and known.text != one.text:
            notes.append(
                f"landmark {one.name!r} is defined otherwise in the protocol: {one.text!r}; "
                "the cohort's definition stays"
            )
    return notes


def apply_protocol(
    protocol: Protocol,
    cohort: Cohort,
    model: str | Path | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> Applied:
    """Find all landmarks of a protocol in all images of a cohort.

    They are stored as predictions, which never replace what a person has placed.

    Parameters
    ----------
    protocol
        The protocol.
    cohort
        The cohort; the landmarks are defined in it where they are not.
    model
        ``"instant"``, a model folder or a run folder; by default the protocol's own.
    device
        Where to compute.
    progress
        Called all along; may raise `medssl.errors.Cancelled`, nothing is stored then.

    Raises
    ------
    SettingsError
        If no image can be searched.
    ModelError
        If the model cannot be used.
    StorageError
        If the cohort cannot be written.
    """
    from medssl.embed import embed_cohort, open_landmark_embedder
    from medssl.landmarks import LandmarkFinder
    from medssl.prepare import ArrayCache, prepare_cohort

    chosen = protocol.model if model is None else model
    cases = {case.key: case for case in cohort.cases()}
    templates = template_sources(protocol, cases)
    sources, gone = _there(cases.values())
    embedder = open_landmark_embedder(chosen, ndim=dimension(protocol), device=device)
    cache = ArrayCache()
    prepared = prepare_cohort([*templates.values(), *sources], embedder.settings, cache, progress)
    usable = {case.key for case in prepared.cases}
    _require(protocol, templates, usable, prepared.problems)
    keys = [key for key in cases if key in usable]
    embedded = embed_cohort(prepared, embedder, cache, progress=progress)
    finder = LandmarkFinder(embedded)
    for key, landmark, point_vox in template_points(protocol, templates):
        finder.add_template(landmark, key, point_vox)
    found = finder.find(cases=keys, progress=progress) if keys else []
    define_landmarks(cohort, protocol)
    cohort.set_points(
        [
            NewPoint(
                point.case_key, point.landmark,
                fitting(point.point_vox, cases[point.case_key].grid.ndim), None, "predicted",
                point.confidence, embedder.name,
            )
            for point in found
        ]
    )  # fmt: skip
    remember_protocol(cohort, protocol, embedder.name, len(found))
    return Applied(len(found), len(keys), (*gone, *prepared.problems), prepared.warnings)


def remember_protocol(cohort: Cohort, protocol: Protocol, model: str = "", found: int = 0) -> None:
    """Write down that a protocol was applied, and where it lies."""
    about = {"protocol": protocol.definition.name, "made": protocol.definition.made}
    place = str(protocol.folder.absolute())
    cohort.add_run(ModelRun(VERB, model or protocol.definition.model_name, "", place, about, found))


def last_protocol(cohort: Cohort) -> Protocol | None:
    """Open the protocol that was applied last; None where there is none or it is gone."""
    for run in reversed(cohort.runs()):
        if run.verb == VERB:
            try:
                return open_protocol(run.place)
            except FileRefusedError:
                return None
    return None


def template_points(
    protocol: Protocol, templates: Mapping[str, ImageSource]
) -> list[tuple[str, str, tuple[float, ...]]]:
    """Give the key of the template, the landmark and the point ``(z, y, x)``, one after another."""
    return [
        (templates[template.file].key, landmark, point_vox)
        for template in protocol.definition.templates
        for landmark, point_vox in template.points.items()
    ]


def dimension(protocol: Protocol) -> int:
    """Whether a protocol is for pictures (2) or volumes (3)."""
    first = protocol.definition.templates[0]
    return len(next(iter(first.points.values())))


def _there(cases: Iterable[CaseRecord]) -> tuple[list[ImageSource], list[Problem]]:
    sources, problems = [], []
    for case in cases:
        source = case.source()
        if all(file.exists() for file in source.files):
            sources.append(source)
        else:
            problems.append(
                Problem(case.path, f"{case.path}: it is not there. See medssl cohort check.")
            )
    return sources, problems


def _require(
    protocol: Protocol,
    templates: Mapping[str, ImageSource],
    usable: set[str],
    problems: Sequence[Problem],
) -> None:
    for source in templates.values():
        if source.key not in usable:
            why = next((p.message for p in problems if p.path == source.path), "it is missing")
            raise SettingsError(f"{protocol.folder}: a template cannot be used: {why}")
