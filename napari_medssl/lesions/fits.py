"""What has learned from a cohort's labels: found, started, and what it says of each case."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_medssl.lesions.classes import LABEL

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.io import ImageSource

VERB = "lesions"
_THICK = 2.5
_BINS = 5


@dataclass(frozen=True)
class CaseScore:
    """What a fit says of one case: probability of a lesion, and how unsure that is, 0 to 1.

    `label` is what it learned of it, and `left_out` whether the answer is by a net that had not.
    """

    lesion: float
    uncertainty: float
    label: str = ""
    left_out: bool = False


@dataclass(frozen=True)
class Fit:
    """One fit: its run folder, what it says of each case, which classes it tells apart."""

    run: Path
    scores: Mapping[str, CaseScore]


@dataclass(frozen=True)
class Fits:
    """The newest fit that is done, and the newest one that is being worked on."""

    done: Fit | None = None
    at_work: Path | None = None


NO_FITS = Fits()


def find_fits(cohort: Cohort) -> Fits:
    """Find them by what the cohort says has worked on it; those whose folder is gone are passed."""
    from medssl.runs import ACTIVE_STATES, read_status

    at_work: Path | None = None
    for run in reversed(cohort.runs()):
        path = Path(run.place)
        if run.verb != VERB or not run.place or not path.is_dir():
            continue
        state = read_status(path).state
        if state == "done" and scores_file(path).is_file():
            return Fits(Fit(path, read_scores(path)), at_work)
        if at_work is None and state in ACTIVE_STATES:
            at_work = path
    return Fits(None, at_work)


def scores_file(run: Path) -> Path:
    """Where a fit writes its scores."""
    return run / "lesions" / "scores.csv"


def read_scores(run: Path) -> dict[str, CaseScore]:
    """Read what a fit says of each case, by key; nothing where it cannot be read."""
    try:
        with scores_file(run).open(encoding="utf-8", newline="") as file:
            return {
                row["image"]: CaseScore(
                    float(row["p_lesion"]),
                    float(row["uncertainty"]),
                    row["label"],
                    row["held_out_by_net"].isdigit(),
                )
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError):
        return {}


def start_fit(cohort_path: Path, normal: str, model: str, longer: bool, device: str) -> Path:
    """Start a fit on a cohort's labels in a process of its own; give its run folder.

    With `longer` it learns by the standard settings, else by the quick ones.

    The labels lie in the run folder as they were, so that the fit can be repeated.

    Raises
    ------
    medssl.errors.MedsslError
        If the model does not fit the images, or nothing can be written.
    """
    from medssl.cohort import Cohort, ModelRun
    from medssl.jobs import LesionRequest, create_job, start_job
    from medssl.jobs.create import new_run_folder
    from medssl.lesions import LesionSettings
    from medssl.lesions.run import open_base_for

    with Cohort.open(cohort_path) as cohort:
        sources = [case.source() for case in cohort.cases()]
        sliced = model == "random" and _is_thick(sources)
        base = open_base_for(sources, model, sliced)
        folder = new_run_folder(VERB)
        table = folder / "labels.csv"
        number = write_labels(cohort, table)
        request = LesionRequest(
            name=cohort_path.stem,
            images=(str(cohort_path),),
            labels=str(table),
            columns=(LABEL,),
            normal=normal,
            model=model,
            sliced=sliced,
            settings=LesionSettings.preset(
                "standard" if longer else "quick",
                3 if base.architecture.ndim == 3 else 2,
                device=device,
            ),
        )
        run = create_job(request, folder=folder)
        cohort.add_run(ModelRun(VERB, Path(model).name, place=str(run), results=number))
    start_job(run)
    return run


def write_labels(cohort: Cohort, table: Path) -> int:
    """Write what people said of whole images; a patient's images stay together as one group."""
    from medssl.io._atomic import write_text

    patients = {case.key: case.patient for case in cohort.cases()}
    labels = cohort.labels(name=LABEL, kind="human")
    grouped = any(patients[label.case_key] for label in labels)
    with write_text(table) as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["image", LABEL, *(["group"] if grouped else [])])
        for one in labels:
            group = [patients[one.case_key]] if grouped else []
            rows.writerow([one.case_key, one.value, *group])
    return len(labels)


def _is_thick(sources: Sequence[ImageSource]) -> bool:
    """Whether the first readable volume has slices much thicker than their pixels."""
    from medssl.errors import MedsslError

    for source in sources:
        try:
            grid = source.read().grid
        except MedsslError:
            continue
        thin, thick = min(grid.spacing), max(grid.spacing)
        return grid.ndim == 3 and thick / thin > _THICK
    return False


def told_words(run: Path, scores: Mapping[str, CaseScore], normal: str) -> str:
    """Say how a fit did on the images that a net of it had not learned from."""
    from medssl.errors import MedsslError
    from medssl.lesions.storage import load_card

    try:
        card = load_card(run)
    except MedsslError as error:
        return str(error)
    told = card.held_out[card.questions[0]]
    learned = ", ".join(f"{count} {kind}" for kind, count in card.learned_from.items())
    auc = told["auc"]
    number = "–" if auc is None or math.isnan(auc) else f"{auc:.2f}"
    start = (
        f"learned anew from {card.base['folder']}" if card.transferred else "from random weights"
    )
    lines = [
        f"Learned from {learned}, {start}.",
        "Each image was answered by a net that had not learned from it:",
        f"AUC {number} (1 is perfect, 0.5 is guessing); Brier score {told['brier']:.2f} "
        f"(0 is perfect, {told['brier_of_base_rate']:.2f} is guessing).",
        *calibration_lines(scores, normal),
    ]
    return "\n".join(lines)


def calibration_lines(scores: Mapping[str, CaseScore], normal: str) -> list[str]:
    """Say, for each fifth of the scores, how many of the left-out images had a lesion."""
    lines = []
    asked = [score for score in scores.values() if score.left_out]
    for number in range(_BINS):
        low, high = number / _BINS, (number + 1) / _BINS
        here = [s for s in asked if low <= s.lesion < high or (high == 1 and s.lesion == 1)]
        if here:
            yes = sum(score.label != normal for score in here)
            lines.append(f"said {low:.1f} to {high:.1f}: {yes} of {len(here)} were not {normal}")
    return lines
