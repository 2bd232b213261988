"""Measure a segmentation with next to no outlines: learn from the shots, score all others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed.dimension import choose_ndim
from medssl.evaluate.segmentation.methods import Answer, Method
from medssl.evaluate.segmentation.opening import open_method
from medssl.evaluate.segmentation.overlap import overlap
from medssl.evaluate.segmentation.report import segmentation_report
from medssl.evaluate.segmentation.request import SegmentationRequest
from medssl.evaluate.segmentation.shape import require_one
from medssl.evaluate.segmentation.shots import draw_shots
from medssl.evaluate.segmentation.unet import UNET
from medssl.evaluate.spacing import case_spacings
from medssl.io import ImageListing, list_images
from medssl.prepare import ArrayCache, Case
from medssl.progress import Progress, silent
from medssl.segment.clusters.controls import INTENSITY, OTSU
from medssl.segment.shape_guided.controls import FILTERS
from medssl.transfer import MaskFiles, find_masks
from medssl.transfer.base import RANDOM

Seen = Callable[[Case, Answer, NDArray[np.bool_]], None]


def evaluate_segmentation(
    images: str | Path | Sequence[str | Path] | ImageListing,
    masks: str | Path,
    request: SegmentationRequest,
    structures: Mapping[str, Sequence[str]] | None = None,
    spacing_csv: str | Path | None = None,
    groups: Mapping[str, str] | None = None,
    cache: ArrayCache | None = None,
    progress: Progress = silent,
    seen: Seen | None = None,
    leave_out: Sequence[str] = (),
) -> dict[str, Any]:
    """Measure how well few known masks segment all other images.

    Parameters
    ----------
    images
        Folder, file, list, or what `medssl.io.list_images` returned.
    masks
        Folder with ``<image stem>.<ext>`` or ``<image stem>__<structure>.<ext>``. Only those of
        the shots are learned from.
    request
        Model, mode, shots.
    structures
        Name to its parts, as `medssl.transfer.find_masks` takes them.
    spacing_csv
        Voxel sizes ``image,x_mm,y_mm[,z_mm]`` that go before what the files say.
    groups
        Key of an image to what it belongs to; a group is never on both sides.
    cache
        Where prepared images and embeddings are kept.
    progress
        Called throughout.
    seen
        Called with each scored image, its answer and its true masks ``(S, *source)``.
    leave_out
        Mode shape: stems of further images whose masks are not learned from, as those of the
        same patients. Masks of the images themselves never are.

    Returns
    -------
    dict
        ``dice``, ``iou``, ``hd95_mm`` (means), ``per_structure``, ``cases``, ``seconds_per_case``,
        ``confidence_spearman``; of clusters also ``single``: the same figures of the best single
        cluster, of shapes ``before``: those before refinement; ``shots`` (their keys),
        ``learned``, ``request``, ``problems``, ``warnings``.

    Raises
    ------
    FileRefusedError
        If a mask and its image do not overlap. One that lies on another grid is resampled, and
        the warnings say so.
    SettingsError
        If there are too few images.
    """
    cache = cache if cache is not None else ArrayCache()
    listing = images if isinstance(images, ImageListing) else list_images(images, progress)
    named = request.model not in (RANDOM, UNET, INTENSITY, OTSU, *FILTERS)
    folder = request.model.removeprefix(f"{RANDOM}:")
    ndim = choose_ndim(listing.sources, *([folder] if named else []))
    prepared, method = open_method(
        listing, request, 3 if ndim == 3 else 2, cache, progress, leave_out
    )
    resampled: dict[str, None] = {}
    found = find_masks(masks, prepared.cases, structures, resampled.setdefault)
    if request.mode == "shape":
        require_one(found)
        shots: list[Case] = []
        scored = [case for case in prepared.cases if found.known(case).any()]
    else:
        shots, scored = draw_shots(prepared.cases, found, request.shots, request.seed, groups)
    begun = time.perf_counter()
    learned = method.learn(shots, found, progress)
    learned["seconds"] = round(time.perf_counter() - begun, 2)
    spacings = case_spacings(spacing_csv, scored)
    rows, seconds, notes = _score(method, scored, found, spacings, progress, seen)
    first, *others = rows
    return {
        **segmentation_report(rows[first], found.names),
        **{
            name: segmentation_report(rows[name], found.names) | {"cases": rows[name]}
            for name in others
        },
        "cases": rows[first],
        "seconds_per_case": seconds,
        "shots": [shot.key for shot in shots],
        "images": len(scored),
        "learned": learned,
        "request": request.model_dump(),
        "problems": [*(p.message for p in (*listing.problems, *prepared.problems)), *notes],
        "warnings": [*prepared.warnings, *resampled],
    }


def _score(
    method: Method,
    cases: Sequence[Case],
    masks: MaskFiles,
    spacings: Mapping[str, tuple[float, ...] | None],
    progress: Progress,
    seen: Seen | None,
) -> tuple[dict[str, list[dict[str, Any]]], float, list[str]]:
    """Segment and score image by image: rows by variant, seconds a case, notes."""
    rows: dict[str, list[dict[str, Any]]] = {}
    notes, seconds = [], 0.0
    for number, case in enumerate(cases):
        begun = time.perf_counter()
        answer = method.predict(case)
        seconds += time.perf_counter() - begun
        truth, known = masks.read(case), masks.known(case)
        if seen is not None:
            seen(case, answer, truth)
        for index, name in enumerate(masks.names):
            if not known[index]:
                continue
            if not truth[index].any():
                notes.append(f"{case.key}: its mask of {name} is empty, and is not scored")
            for variant, predicted in answer.masks.items():
                scores = overlap(predicted[index], truth[index], spacings[case.key])
                rows.setdefault(variant, []).append(
                    {
                        "image": case.key,
                        "structure": name,
                        **scores._asdict(),
                        "confidence": answer.confidence[index],
                    }
                )
        progress(number + 1, len(cases), f"segmenting {case.name}")
    return rows, seconds / len(cases), notes
