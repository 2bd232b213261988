"""What a head learns from: a person's points, and the surest of those that were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from medssl.landmarks.found import FoundPoint
from medssl.landmarks.refine.features import Features
from medssl.landmarks.refine.settings import RefineSettings

Clicks = Mapping[str, Mapping[str, tuple[float, ...]]]
"""Landmark to image to the point that a person has set there, in the image's own voxels."""


@dataclass(frozen=True)
class Labels:
    """Targets of the images that teach.

    Parameters
    ----------
    keys
        The images.
    places
        ``(N, L, ndim)`` in coarse cells.
    weights
        ``(N, L)``; 0 where there is no target.
    person
        Which were set by a person ``(N, L)``.
    """

    keys: tuple[str, ...]
    places: Tensor
    weights: Tensor
    person: Tensor


def make_labels(
    clicks: Clicks, found: Sequence[FoundPoint], features: Features, settings: RefineSettings
) -> Labels:
    """Take what a person has set, and of what was found the surest share of each landmark.

    A found point counts as its confidence; one that breaks the shape of its set is left out.
    """
    names = list(clicks)
    chosen = [one for name in names for one in _surest(name, found, settings.confident)]
    by_person = [key for places in clicks.values() for key in places]
    keys = tuple(dict.fromkeys([*by_person, *(one.case_key for one in chosen)]))
    if len(keys) > settings.most_images:
        keys = _fewer(keys, by_person, settings)
    row_of = {key: row for row, key in enumerate(keys)}
    places = torch.zeros(len(keys), len(names), features.ndim)
    weights = torch.zeros(len(keys), len(names))
    person = torch.zeros(len(keys), len(names), dtype=torch.bool)
    targets = [(one.landmark, one.case_key, one.point_vox, one.confidence) for one in chosen]
    targets += [
        (name, key, point, settings.person) for name in names for key, point in clicks[name].items()
    ]
    for name, key, point, weight in targets:
        if key in row_of:
            at = row_of[key], names.index(name)
            places[at] = torch.from_numpy(features.to_cells(key, point)).float()
            weights[at] = weight
            person[at] = key in clicks[name]
    return Labels(keys, places, weights, person)


def _surest(name: str, found: Sequence[FoundPoint], share: float) -> list[FoundPoint]:
    points = [one for one in found if one.landmark == name]
    usable = sorted((one for one in points if not one.shape_flag), key=lambda one: -one.confidence)
    return usable[: max(1, round(share * len(points)))]


def _fewer(
    keys: Sequence[str], by_person: Sequence[str], settings: RefineSettings
) -> tuple[str, ...]:
    """Give all images with points of a person, and others at random."""
    known = set(by_person)
    others = [key for key in keys if key not in known]
    wanted = max(0, settings.most_images - len(known))
    order = torch.randperm(len(others), generator=torch.Generator().manual_seed(settings.seed))
    kept = known | {others[row] for row in order[:wanted].tolist()}
    return tuple(key for key in keys if key in kept)
