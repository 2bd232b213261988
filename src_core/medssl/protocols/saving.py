"""Save what a cohort knows as a protocol for other patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medssl import __version__
from medssl.cohort import CaseRecord, Cohort, Point
from medssl.cohort.flagging import TEXT
from medssl.errors import SettingsError
from medssl.io.sources import ImageSource
from medssl.prepare.orientation import working_ndim
from medssl.progress import Progress, silent
from medssl.protocols.definition import MeasurementDefinition
from medssl.protocols.errors_seen import look_at_errors
from medssl.protocols.folder import (
    SUFFIX,
    Protocol,
    checked,
    copy_model,
    make_folder,
    write_definition,
)
from medssl.protocols.templates import choose_templates, fitting, known_points, write_template

TEMPLATES = 3


@dataclass(frozen=True)
class Saved:
    """A protocol that was saved, and what a person should know."""

    protocol: Protocol
    notes: tuple[str, ...] = ()


def save_protocol(
    cohort: Cohort,
    folder: str | Path,
    landmarks: Sequence[str] = (),
    measurements: Sequence[MeasurementDefinition] = (),
    model: str | Path = "instant",
    templates: int = TEMPLATES,
    overwrite: bool = False,
    progress: Progress = silent,
    sources: Mapping[str, ImageSource] | None = None,
) -> Saved:
    """Save landmarks of a cohort with examples of them and measurements between them.

    The template images are copied on their own grids, without header, name or id. What the
    cohort shows of the errors of clicks and predictions goes with it.

    Parameters
    ----------
    cohort
        The cohort.
    folder
        Where; ``.protocol`` is added to the name.
    landmarks
        Which ones; by default all that somebody has placed.
    measurements
        What is measured between them.
    model
        ``"instant"``, or a model folder or run folder, which is copied in.
    templates
        How many images to keep as examples, or more where it takes more to show every landmark.
    overwrite
        Whether a protocol of that name may be replaced.
    progress
        Called for each template; may raise `medssl.errors.Cancelled`.
    sources
        By key of the case: its image, where the images are listed already.

    Raises
    ------
    SettingsError
        If a landmark is not there or nobody has placed it, or a measurement does not fit.
    FileRefusedError
        If there is such a protocol already, or a template image cannot be read.
    ModelError
        If there is no such model.
    StorageError
        If it cannot be written.
    """
    path = Path(folder)
    path = path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)
    wanted = _wanted(cohort, landmarks)
    known = known_points(cohort, wanted)
    chosen = [cohort.case(key) for key in choose_templates(known, wanted, max(1, templates))]
    _refuse_mixed(chosen)
    files = [f"template-{number}.nrrd" for number in range(1, len(chosen) + 1)]
    defined = {record.name: record for record in cohort.landmarks()}
    source = None if str(model) == "instant" else _model_folder(model)
    definition = checked(
        {
            "name": path.name.removesuffix(SUFFIX),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "medssl": __version__,
            "model": "instant" if source is None else "model",
            "model_name": "instant" if source is None else _model_name(source),
            "landmarks": [
                {"name": r.name, "text": r.text, "colour": r.colour or None, "side": r.side}
                for r in (defined[name] for name in wanted)
            ],
            "measurements": [one.model_dump() for one in measurements],
            "templates": [
                {"file": file, "points": _points(case, known[case.key])}
                for file, case in zip(files, chosen, strict=True)
            ],
            "errors": look_at_errors(cohort).seen.model_dump(),
        }
    )

    def fill(draft: Path) -> None:
        for number, (file, case) in enumerate(zip(files, chosen, strict=True)):
            progress(number, len(chosen), f"copying {case.name}")
            source_of = (sources or {}).get(case.key) or case.source()
            write_template(source_of.read(), draft / file)
        if source is not None:
            copy_model(source, draft)
        write_definition(draft, definition)

    make_folder(path, overwrite, fill)
    return Saved(Protocol(path, definition), _notes(chosen))


def _wanted(cohort: Cohort, landmarks: Sequence[str]) -> list[str]:
    names = [record.name for record in cohort.landmarks()]
    absent = [name for name in landmarks if name not in names]
    if absent:
        raise SettingsError(
            f"{cohort.path}: the cohort has no landmark {absent[0]!r}, only "
            f"{', '.join(names) or 'none at all'}"
        )
    if landmarks:
        return list(dict.fromkeys(landmarks))
    placed = {p.landmark for p in cohort.points(kind="human") if p.confidence is None}
    wanted = [name for name in names if name in placed]
    if not wanted:
        raise SettingsError(f"{cohort.path}: nobody has placed a landmark yet. Click one first")
    return wanted


def _points(case: CaseRecord, points: dict[str, Point]) -> dict[str, tuple[float, ...]]:
    ndim = working_ndim(case.grid)
    return {name: fitting(point.point_vox, ndim) for name, point in points.items()}


def _refuse_mixed(chosen: Sequence[CaseRecord]) -> None:
    if len({working_ndim(case.grid) for case in chosen}) > 1:
        raise SettingsError(
            "the landmarks are placed in pictures and in volumes. Save a protocol for each, "
            "with --landmarks"
        )


def _model_folder(model: str | Path) -> Path:
    from medssl.models import find_model_folder

    return find_model_folder(model)


def _model_name(folder: Path) -> str:
    from medssl.models import read_card

    read_card(folder)
    return folder.parent.name if folder.name == "model" else folder.name


def _notes(chosen: Sequence[CaseRecord]) -> tuple[str, ...]:
    return tuple(
        f"{case.name} goes into the protocol, and there is text in its pixels: look whether it "
        "names the patient"
        for case in chosen
        if TEXT & set(case.known_flags())
    )
