"""The job that teaches a net an organ: what it is given, and what it gave."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from medssl.errors import MedsslError
from medssl.progress import Progress
from napari_medssl.listing import image_places
from napari_medssl.segmenting.masks import Mask, mask_of, store_mask, stored_words

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.cohort.findings import SegmentationRecord
    from medssl.cohort.records import CaseRecord

MASKS = "masks"
_PART = "organ"
_HELD_OUT = 4
"""Of so many painted images one is kept back to compare on."""


@dataclass(frozen=True)
class Wanted:
    """What shall be learned.

    Parameters
    ----------
    cohort
        Its folder.
    organ, names
        The organ, and all organs.
    model
        Model folder, run folder, or ``random``.
    device
        Where.
    upright
        Whether the images have a known way up.
    held_out
        Whether some painted images are kept back.
    """

    cohort: Path
    organ: str
    names: tuple[str, ...]
    model: str
    device: str
    upright: bool = True
    held_out: bool = False


def start_learning(wanted: Wanted) -> Path:
    """Write a person's masks into a new run folder and start the job; give the folder.

    Raises
    ------
    medssl.errors.MedsslError
        If a person has painted no image, two images share a name, or it cannot be written.
    """
    from medssl.cohort import Cohort
    from medssl.embed.dimension import choose_ndim
    from medssl.jobs import SegmentRequest, create_job
    from medssl.jobs.create import new_run_folder
    from medssl.runs import start_job
    from medssl.transfer import FinetuneSettings

    folder = new_run_folder("segment")
    with Cohort.open(wanted.cohort) as cohort:
        cases = by_stem(cohort.cases())
        painted = write_painted(cohort, wanted.organ, folder / MASKS)
        sources = [case.source() for case in cases.values()]
    ndim: Literal[2, 3] = 3 if choose_ndim(sources) == 3 else 2
    settings = FinetuneSettings.few_labels(ndim, wanted.upright, device=wanted.device)
    kept = max(1, painted // _HELD_OUT) if wanted.held_out else 0
    request = SegmentRequest(
        name=f"{wanted.organ} in {wanted.cohort.stem}",
        images=images_of(wanted.cohort),
        masks=str(folder / MASKS),
        structures={wanted.organ: (_PART,)},
        labelled=str(painted - kept) if kept else "all",
        model=wanted.model,
        settings=settings,
    )
    run = create_job(request, folder=folder)
    start_job(run)
    return run


def start_again(run: Path, model: str) -> Path:
    """Start a job that learns the same masks as another one, but begins with another net.

    Raises
    ------
    medssl.errors.MedsslError
        If the request of the other one cannot be read, or the run folder cannot be written.
    """
    from medssl.jobs import create_job, read_request
    from medssl.runs import start_job

    again = create_job(read_request(run).model_copy(update={"model": model}))
    start_job(again)
    return again


def images_of(cohort: Path) -> tuple[str, ...]:
    """Where a job finds the images of a cohort."""
    places = image_places(cohort, lambda *_: None)
    return tuple(map(str, [places] if isinstance(places, Path) else places))


def write_painted(cohort: Cohort, organ: str, folder: Path) -> int:
    """Write the masks of an organ that people painted; give their number.

    Raises
    ------
    medssl.errors.MedsslError
        If there is none.
    """
    from medssl.io.label_maps import write_label_map

    records = cohort.segmentations(name=organ, kind="human")
    if not records:
        raise MedsslError(
            f"nobody has painted {organ} yet, so there is nothing to learn. Correct it in an image."
        )
    for record in records:
        case = cohort.case(record.case_key)
        found, ending = cohort.read_segmentation(record), ".nii.gz"
        if found.grid.ndim == 2:
            ending = ".png"
        write_label_map(folder / f"{_stem(case)}__{_PART}{ending}", found)
    return len(records)


def take_in(wanted: Wanted, run: Path, progress: Progress) -> str:
    """Store what the job found in all images; say how sure that is.

    The confidence of an image is how usual the organ's size is, times the Dice with what had been
    found there by other means, or else the Dice that the job expects, where it tells one. What is
    stored already, because it was stopped on the way, stays as it is.

    Raises
    ------
    medssl.errors.MedsslError
        If a result is not there or does not fit.
    """
    from medssl.cohort import Cohort
    from medssl.segment.clusters import typicality

    with Cohort.open(wanted.cohort) as cohort:
        cases = by_stem(cohort.cases())
        files = predicted_files(run, cases)
        masks = {stem: read_predicted(path, cases[stem]) for stem, path in files.items()}
        usual = typicality(np.array([mask.mean() for mask in masks.values()]))
        told, sure = _told(run), {}
        for number, (stem, mask) in enumerate(masks.items()):
            case = cases[stem]
            progress(number, len(masks), f"Storing {case.name}")
            before = cohort.segmentations(case.key, wanted.organ, "predicted")
            if before and before[0].model == run.name:
                sure[case.key] = before[0].confidence or 0.0
                continue
            trust = told.get(stem, float(usual[number]))
            if before:
                trust = float(usual[number]) * _agreement(cohort, before, mask)
            sure[case.key] = trust if mask.any() else 0.0
            store_mask(
                cohort, case.key, wanted.organ, mask, wanted.names, "predicted", run.name,
                confidence=sure[case.key],
            )  # fmt: skip
        return stored_words(cohort, wanted.organ, sure)


def _told(run: Path) -> dict[str, float]:
    """Read how sure a job is of each image, by its stem; nothing where it does not tell."""
    with (run / "predicted.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {_stem_of(row["image"]): float(row["confidence"]) for row in rows if "confidence" in row}


def score_held_out(run: Path, second: Path) -> tuple[float, float]:
    """Give the mean Dice of two jobs with painted masks that neither of them has learned from.

    These are the masks that the first one was given: what is painted later may follow from what
    it found.

    Raises
    ------
    medssl.errors.MedsslError
        If there is none.
    """
    painted = {
        _stem_of(one.name).removesuffix(f"__{_PART}"): one for one in (run / MASKS).iterdir()
    }
    ours, theirs = predicted_files(run, painted), predicted_files(second, painted)
    kept = sorted(_new(run) & _new(second) & set(ours) & set(theirs))
    if not kept:
        raise MedsslError("no painted image was kept back from both nets")
    first = [_dice(_voxels(painted[stem]), _voxels(ours[stem])) for stem in kept]
    other = [_dice(_voxels(painted[stem]), _voxels(theirs[stem])) for stem in kept]
    return float(np.mean(first)), float(np.mean(other))


def _new(run: Path) -> set[str]:
    """Give the images that a job had not learned from, by their stem."""
    with (run / "predicted.csv").open(encoding="utf-8", newline="") as file:
        return {
            _stem_of(row["image"]) for row in csv.DictReader(file) if row["learned_from"] == "0"
        }


def _voxels(path: Path) -> Mask:
    from medssl.io.reading import read_image

    return np.asarray(read_image(path).array.ravel() > 0)


def by_stem(cases: Sequence[CaseRecord]) -> dict[str, CaseRecord]:
    """Give cases by the name that masks go by.

    Raises
    ------
    medssl.errors.MedsslError
        If two share one.
    """
    counts = Counter(_stem(case) for case in cases)
    twice = [stem for stem, number in counts.items() if number > 1]
    if twice:
        raise MedsslError(
            f"several images are named {twice[0]}, so a mask cannot tell which it belongs to. "
            "Give the images names of their own."
        )
    return {_stem(case): case for case in cases}


def predicted_files(run: Path, cases: Collection[str]) -> dict[str, Path]:
    """Find what a job wrote, by the name of the image."""
    from medssl.io.formats import extension

    found = {}
    for path in sorted((run / "predicted").rglob("*")):
        stem = path.name[: len(path.name) - len(extension(path.name))]
        if path.is_file() and stem in cases:
            found[stem] = path
    return found


def read_predicted(path: Path, case: CaseRecord) -> Mask:
    """Read the mask that a job wrote of an image."""
    return _voxels(path).reshape(case.grid.shape)


def _agreement(cohort: Cohort, records: Sequence[SegmentationRecord], mask: Mask) -> float:
    return _dice(mask, mask_of(cohort, records[0], mask.shape))


def _dice(mask: Mask, other: Mask) -> float:
    total = int(mask.sum()) + int(other.sum())
    return 2 * float((mask & other).sum()) / total if total else 1.0


def _stem(case: CaseRecord) -> str:
    return _stem_of(case.path.name)


def _stem_of(key: str) -> str:
    from medssl.io.formats import extension

    name = Path(key).name
    return name[: len(name) - len(extension(name))] or name
