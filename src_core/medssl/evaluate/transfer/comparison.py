"""What a comparison compares: task, split, and the nets to begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medssl.embed.dimension import choose_ndim
from medssl.errors import SettingsError
from medssl.evaluate.transfer.classification import Classification
from medssl.evaluate.transfer.methods import (
    Start,
    common_net,
    common_preparation,
    given_start,
    pretrained_start,
    random_start,
    same_shape,
    without,
)
from medssl.evaluate.transfer.request import RANDOM, TransferRequest
from medssl.evaluate.transfer.segmentation import Segmentation
from medssl.evaluate.transfer.splits import is_tested
from medssl.evaluate.transfer.task import Task
from medssl.io import ImageListing
from medssl.prepare import ArrayCache, PreparedCohort, prepare_cohort
from medssl.progress import Progress, silent
from medssl.transfer import FinetuneSettings, find_masks, read_labels

SMALLEST_TEST = 5


@dataclass(frozen=True)
class Comparison:
    """Everything that is the same for all cells.

    Parameters
    ----------
    task
        What is learned from labels.
    tested, pool
        Labelled images that are scored, and those that may be learned from.
    starts
        The nets to begin with.
    controls
        By name of a pretrained start: the one with random weights that it is compared with.
    request
        What was asked.
    notes
        What a person should know.
    """

    task: Task
    tested: list[str]
    pool: list[str]
    starts: list[Start]
    controls: dict[str, str]
    request: TransferRequest
    notes: tuple[str, ...]

    def settings(self, seed: int) -> FinetuneSettings:
        """Return the settings of all fine-tunings of a seed."""
        request, prepared = self.request, self.task.images.settings
        preset = FinetuneSettings.preset(
            ndim=prepared.ndim, upright=request.upright, device=request.device, seed=seed
        )
        return preset.model_copy(
            update={
                "steps": request.finetune_steps or self.task.steps,
                "largest_crop": request.finetune_crop or preset.largest_crop,
            }
        )


def open_comparison(
    images: ImageListing,
    targets: str | Path,
    out: Path,
    request: TransferRequest,
    columns: Sequence[str] = ("label",),
    structures: Mapping[str, Sequence[str]] | None = None,
    groups: Mapping[str, str] | None = None,
    cache: ArrayCache | None = None,
    progress: Progress = silent,
) -> Comparison:
    """Read images and targets, split them, and pretrain; what is done already is taken.

    Raises
    ------
    SettingsError
        If there are too few images for what is asked.
    FileRefusedError
        If labels or masks do not fit the images.
    """
    ndim = choose_ndim(images.sources)
    cache = cache if cache is not None else ArrayCache()
    prepared = prepare_cohort(images, common_preparation(request, ndim), cache, progress)
    task, notes = _open_task(images, prepared, targets, columns, structures, groups)
    hidden = [
        case.key
        for case in prepared.cases
        if is_tested(task.groups.get(case.key, case.key), request.test_share)
    ]
    tested, pool = _split(task, set(hidden), request.test_share)
    starts, controls = _starts(request, without(prepared, hidden), out, progress)
    told = (*notes, *(problem.message for problem in prepared.problems))
    return Comparison(task, tested, pool, starts, controls, request, told)


def _open_task(
    images: ImageListing,
    prepared: PreparedCohort,
    targets: str | Path,
    columns: Sequence[str],
    structures: Mapping[str, Sequence[str]] | None,
    groups: Mapping[str, str] | None,
) -> tuple[Task, tuple[str, ...]]:
    """Read masks (a folder) or labels (a table); returns what a person should know of them too."""
    if Path(targets).is_dir():
        masks = find_masks(targets, prepared.cases, structures)
        return Segmentation(prepared, masks, groups), ()
    labels = read_labels(targets, images.sources, columns)
    task = Classification(prepared, labels)
    task.groups = task.groups | dict(groups or {})
    return task, labels.notes


def _split(task: Task, hidden: set[str], share: float) -> tuple[list[str], list[str]]:
    """Return the labelled images that are tested, and those that may be learned from."""
    labelled = sorted({key for members in task.strata.values() for key in members})
    tested = [key for key in labelled if key in hidden]
    pool = [key for key in labelled if key not in hidden]
    if len(tested) < SMALLEST_TEST:
        raise SettingsError(
            f"{len(tested)} of {len(labelled)} labelled images are tested: too few to compare "
            f"anything. Label more, or raise the share that is tested ({share:g})."
        )
    for name, members in task.strata.items():
        for side, keys in (("tested", tested), ("learned from", pool)):
            if not set(members) & set(keys):
                raise SettingsError(
                    f"no image of {name!r} can be {side}: it has {len(members)}. Label more of it."
                )
    return tested, pool


def _starts(
    request: TransferRequest, seen: PreparedCohort, out: Path, progress: Progress
) -> tuple[list[Start], dict[str, str]]:
    """Return the nets to begin with, and with which control each is compared."""
    base = random_start(common_net(request, seen.settings.ndim))
    given = [given_start(name, path, seen.settings) for name, path in request.models.items()]
    starts = [base] if RANDOM in request.methods else []
    starts += [
        pretrained_start(name, request, seen, out / "pretrained", progress)
        for name in request.methods
        if name != RANDOM
    ]
    for start in given:
        if not any(same_shape(start.architecture, other.architecture) for other in starts):
            own = f"{RANDOM} ({start.name})"
            starts.append(Start(own, start.architecture, None, RANDOM, {}))
        starts.append(start)
    controls = {}
    for start in starts:
        if start.net is not None:
            fitting = (
                other.name
                for other in starts
                if other.net is None and same_shape(start.architecture, other.architecture)
            )
            controls[start.name] = next(fitting, "")
    return starts, controls
