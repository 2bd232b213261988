"""Visual words: places that similar patients share, so that crops there have a label in common.

A word is drawn as a reference case and a place in it; the cases that look most like the reference
show the word at the same relative place. Likeness is that of training-free descriptors on a coarse
grid, so that nothing has to be trained before. After F. Haghighi et al., TransVW, arXiv 2102.10680,
where an autoencoder finds the similar patients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from medssl.correspond.descriptor import describe_image
from medssl.correspond.neighbours import HasArray
from medssl.correspond.stored import save_tensors
from medssl.errors import ModelError
from medssl.progress import Progress, silent

Sides = Callable[[tuple[int, ...]], tuple[float, ...]]
"""Sides of a crop of an image of some size, in voxels."""

NO_WORD = -1
FEWEST_CASES = 8
"""Cases that show a word, where there are as many."""
CASES_SHARE = 0.2
"""Share of the cohort that shows a word, in larger cohorts."""
_LONGEST = 64
_SHORTEST = 8
_GRID = 3
_CANDIDATES = 8
_LEAST_CONTENT = 0.5


@dataclass(frozen=True)
class CohortWords:
    """Which case shows which word, and where.

    Parameters
    ----------
    places
        ``(W, ndim)``: where the words lie in an image, 0 to 1 along each axis.
    holds
        ``(N, W)``: whether a case shows a word.
    """

    places: Tensor
    holds: Tensor

    def choose(self, case: int, rng: np.random.Generator) -> tuple[int, NDArray[np.float32]]:
        """Choose one of the words of a case, and give its place.

        A case without a word has `NO_WORD` anywhere.
        """
        words = self.holds[case].nonzero()[:, 0]
        if not len(words):
            return NO_WORD, rng.random(self.places.shape[1], np.float32)
        word = int(words[int(rng.integers(len(words)))])
        place: NDArray[np.float32] = self.places[word].numpy()
        return word, place

    def split(self, count: int) -> tuple[CohortWords, CohortWords]:
        """Return the words of the first `count` cases, and of the others."""
        first, others = self.holds[:count], self.holds[count:]
        return CohortWords(self.places, first), CohortWords(self.places, others)

    def save(self, path: Path) -> None:
        """Write to a safetensors file, whole or not at all.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        tensors = {"places": self.places, "holds": self.holds}
        save_tensors(tensors, path, "which words the images show")

    @classmethod
    def read(cls, data: bytes, path: Path) -> CohortWords:
        """Read the content of a file that `save` wrote.

        Raises
        ------
        ModelError
            If it is damaged.
        """
        try:
            tensors = load(data)
            return cls(tensors["places"], tensors["holds"])
        except (SafetensorError, KeyError) as error:
            raise ModelError(
                f"{path}: which words the images show cannot be read ({error}). Delete this file "
                "and run the same command again; it is then made anew."
            ) from error


def find_words(
    cases: Sequence[HasArray],
    references: int,
    count: int,
    sides: Sides,
    seed: int,
    progress: Progress = silent,
) -> CohortWords:
    """Find the words of a cohort; every case shows one at least.

    Each word's reference is one of the cases with the fewest words so far. A case that is no
    reference's near neighbour shows the word of the reference that it looks most like.

    Parameters
    ----------
    cases
        The images.
    references
        The first so many may be references: those that are trained on.
    count
        Words.
    sides
        Sides of the crops that show a word.
    seed
        Decides references and places.
    progress
        Called after each image.
    """
    rng = np.random.default_rng((seed, 3))
    described = []
    for number, case in enumerate(cases):
        described.append(describe_whole(case.array))
        progress(number + 1, len(cases), "describing the images")
    vectors = torch.stack(described)
    order = torch.from_numpy(rng.permutation(references))
    near = min(len(cases), max(FEWEST_CASES, math.ceil(CASES_SHARE * len(cases))))
    holds = torch.zeros(len(cases), count, dtype=torch.bool)
    chosen: list[int] = []
    places: list[NDArray[np.float64]] = []
    for word in range(count):
        reference = int(order[holds[order].sum(1).argmin()])
        likeness = vectors @ vectors[reference]
        likeness[reference] = torch.inf
        holds[likeness.topk(near).indices, word] = True
        chosen.append(reference)
        array = cases[reference].array
        places.append(_place(array, sides(tuple(array.shape[1:])), places, rng))
    alone = (~holds.any(1)).nonzero()[:, 0]
    holds[alone, (vectors[alone] @ vectors[chosen].T).argmax(1)] = True
    return CohortWords(torch.from_numpy(np.stack(places)).float(), holds)


def describe_whole(array: NDArray[Any]) -> Tensor:
    """Describe an image ``(C, *spatial)`` as a whole: a unit vector.

    Its descriptors are averaged on three cells along each axis; fine detail tells patients apart
    by noise, and is averaged away before.
    """
    values = torch.from_numpy(np.ascontiguousarray(array, np.float32))[None]
    shape = values.shape[2:]
    step = math.ceil(max(shape) / _LONGEST)
    steps = [max(1, min(step, side // _SHORTEST)) for side in shape]
    flat = len(shape) == 2
    reduced = F.avg_pool2d(values, steps) if flat else F.avg_pool3d(values, steps)
    cells = describe_image(reduced[0].numpy())[None]
    pooled = F.adaptive_avg_pool2d(cells, _GRID) if flat else F.adaptive_avg_pool3d(cells, _GRID)
    return F.normalize(pooled.flatten(), dim=0)


def _place(
    array: NDArray[Any],
    sides: tuple[float, ...],
    known: Sequence[NDArray[np.float64]],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw a place where a crop lies inside and shows something, away from the known ones."""
    shape = np.array(array.shape[1:])
    margin = np.minimum(0.5, np.array(sides) / shape / 2)
    drawn = margin + rng.random((_CANDIDATES, len(shape))) * (1 - 2 * margin)
    content = np.array([_content(array, place * shape, sides) for place in drawn])
    good = drawn[content >= _LEAST_CONTENT * content.max()]
    if not known:
        return np.asarray(good[0])
    away = np.linalg.norm(good[:, None] - np.stack(known)[None], axis=-1).min(1)
    return np.asarray(good[away.argmax()])


def _content(array: NDArray[Any], centre: NDArray[Any], sides: tuple[float, ...]) -> float:
    """Return how much the values of a crop vary: next to nothing in air."""
    first = np.maximum(0, np.rint(centre - np.array(sides) / 2)).astype(int)
    last = np.rint(centre + np.array(sides) / 2).astype(int)
    window = tuple(slice(a, max(a + 1, b)) for a, b in zip(first, last, strict=True))
    return float(np.asarray(array[(slice(None), *window)], np.float32).std())
