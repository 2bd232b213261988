"""Pseudo-correspondences: for each image of a cohort, how it maps onto a few others.

They teach a net to match *across* patients, which two views of one image cannot: the alignment
of a training-free descriptor (or of the net itself, later) errs at random from pair to pair, and
a net trained on many pairs learns what they agree on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from medssl.correspond.alignment import Alignment, Cells, align
from medssl.correspond.cells import anchor_places, cells_to_units, pool_cells, read_places
from medssl.correspond.stored import save_tensors
from medssl.errors import ModelError
from medssl.progress import Progress, silent

Embed = Callable[[NDArray[Any]], Tensor]
"""Turns a prepared array ``(C, *spatial)`` into unit vectors ``(E, *cells)``."""

_ANCHORS = 150
_ROUNDS = 5


class HasArray(Protocol):
    """A case: something with a prepared array ``(C, *spatial)``."""

    @property
    def array(self) -> NDArray[Any]:
        """Prepared values 0 to 1."""


class Correspondences:
    """How each image of a cohort maps onto a few others.

    Parameters
    ----------
    partners
        ``(N, K)``: numbers of the images that each maps onto.
    alignments
        One a case, onto its `K` partners.
    unit
        Working voxels of the reference length.
    """

    def __init__(self, partners: Tensor, alignments: Sequence[Alignment], unit: float) -> None:
        self.partners = partners
        self.unit = unit
        self._alignments = alignments

    def carry(self, case: int, choice: int, places_vox: Tensor) -> tuple[Tensor, Tensor]:
        """Carry places of an image over to one of its partners.

        Parameters
        ----------
        case, choice
            Which image, and which of its partners.
        places_vox
            ``(P, ndim)``, working voxels of the image.

        Returns
        -------
        places_vox
            The same tissue in the partner ``(P, ndim)``, working voxels.
        weight
            How far to trust that ``(P,)``, 0 to 1.
        """
        one = self._alignments[case].select(torch.tensor([choice]))
        places, support = one.map_points(places_vox / self.unit)
        return places[0] * self.unit, support[0] / (support[0] + 1)

    def save(self, path: Path) -> None:
        """Write to a safetensors file, whole or not at all.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        tensors = {"partners": self.partners, "unit": torch.tensor([self.unit])}
        for number, one in enumerate(self._alignments):
            tensors |= {
                f"{number}.anchors": one.anchors,
                f"{number}.affine": one.affine,
                f"{number}.residual": one.residual,
                f"{number}.weight": one.weight,
                f"{number}.smoothing": torch.tensor([one.smoothing], dtype=torch.float64),
            }
        save_tensors(tensors, path, "how the images correspond")

    @classmethod
    def read(cls, data: bytes, path: Path) -> Correspondences:
        """Read the content of a file that `save` wrote.

        Raises
        ------
        ModelError
            If it is damaged.
        """
        try:
            tensors = load(data)
            alignments = [
                Alignment(
                    tensors[f"{number}.anchors"],
                    tensors[f"{number}.affine"],
                    tensors[f"{number}.residual"],
                    tensors[f"{number}.weight"],
                    float(tensors[f"{number}.smoothing"]),
                )
                for number in range(len(tensors["partners"]))
            ]
            return cls(tensors["partners"], alignments, float(tensors["unit"]))
        except (SafetensorError, KeyError) as error:
            raise ModelError(
                f"{path}: how the images correspond cannot be read ({error}). Delete this file and "
                "run the same command again; it is then made anew."
            ) from error


def find_correspondences(
    cases: Sequence[HasArray],
    embed: Embed,
    stride: int,
    count: int,
    seed: int,
    progress: Progress = silent,
) -> Correspondences:
    """Map each image onto a few others, drawn at random.

    Parameters
    ----------
    cases
        The images, two at least.
    embed
        What matches are made with.
    stride
        Working voxels a cell of its embeddings.
    count
        Partners an image.
    seed
        Decides the partners.
    progress
        Called after each image.
    """
    rng = np.random.default_rng((seed, 2))
    shapes = [tuple(case.array.shape[1:]) for case in cases]
    unit = float(np.median([max(shape) for shape in shapes]))
    cells: list[Cells] = []
    anchors: list[tuple[Tensor, Tensor]] = []
    for number, case in enumerate(cases):
        embedding = embed(case.array)
        places = anchor_places(tuple(embedding.shape[1:]), _ANCHORS)
        anchors.append((cells_to_units(places, stride, unit), read_places(embedding, places)))
        cells.append(pool_cells(embedding, shapes[number], stride, unit))
        progress(number + 1, 2 * len(cases), "describing the images")
    partners, alignments = [], []
    for number in range(len(cases)):
        others = np.delete(np.arange(len(cases)), number)
        chosen = rng.choice(others, min(count, len(others)), replace=False)
        places, descriptors = anchors[number]
        images = [cells[int(other)] for other in chosen]
        alignments.append(align(places, descriptors, cells[number].extent, images, _ROUNDS))
        partners.append(torch.from_numpy(chosen))
        progress(len(cases) + number + 1, 2 * len(cases), "finding what corresponds")
    return Correspondences(torch.stack(partners), alignments, unit)
