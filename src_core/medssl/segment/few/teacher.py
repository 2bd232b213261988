"""Strokes and masks of a few images teach a head; every image of the cohort is then segmented."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase, EmbeddedCohort
from medssl.errors import SettingsError
from medssl.prepare.maps import to_source, to_working
from medssl.prepare.resampling import resample
from medssl.segment.clusters.features import FeatureWeights, pooled
from medssl.segment.clusters.refining import Guide, RefineSettings, to_voxels
from medssl.segment.few.anchors import AnchorHead, choose_anchors, nearness
from medssl.segment.few.cells import CellReader
from medssl.segment.few.head import fit_head
from medssl.segment.few.strokes import Stroke, cells_of_marks, cells_of_stroke

MOST_CELLS = 6000
"""Cells that the head learns from; more would not fit into a second."""
Floats = NDArray[np.float32]
PLACE = 0.6
"""Weight of the place in the image where it has a known way up."""


class LabelTeacher:
    """Segments a cohort from the strokes and masks that it is given, one after the other.

    After each stroke `fit` takes a fraction of a second; what is asked for is then read from
    cached embeddings: a slice, an image, or all.

    Parameters
    ----------
    embedded
        The images.
    names
        The structures; the value of the first is 1, 0 is background.
    weights
        What counts beside the embedding.
    refine
        How borders are smoothed along the image.

    Examples
    --------
    >>> teacher = LabelTeacher(embedded, ("lungs",))  # doctest: +SKIP
    >>> teacher.paint("a.png", Stroke(1, ((120.0, 80.0), (180.0, 90.0)), 4))  # doctest: +SKIP
    >>> teacher.paint("a.png", Stroke(0, ((20.0, 20.0), (20.0, 200.0)), 4))  # doctest: +SKIP
    >>> teacher.fit()  # doctest: +SKIP
    >>> teacher.labels("b.png")  # doctest: +SKIP
    """

    def __init__(
        self,
        embedded: EmbeddedCohort,
        names: Sequence[str],
        weights: FeatureWeights | None = None,
        refine: RefineSettings | None = None,
    ) -> None:
        if not names:
            raise SettingsError("name at least one structure to segment")
        self.names = tuple(names)
        self.head: AnchorHead | None = None
        self._embedded = embedded
        self._refine = refine if refine is not None else RefineSettings()
        self._cells = CellReader(weights if weights is not None else FeatureWeights(place=PLACE))
        self._anchors: Floats | None = None
        self._drawn: list[tuple[str, NDArray[np.int64], Floats]] = []

    @property
    def classes(self) -> int:
        """Number of structures and the background."""
        return len(self.names) + 1

    def paint(self, key: str, stroke: Stroke) -> None:
        """Add a stroke; where strokes cross, the later one counts.

        Raises
        ------
        SettingsError
            If there is no such image or structure, or the stroke misses the image.
        """
        if not 0 <= stroke.value < self.classes:
            raise SettingsError(
                f"a stroke of value {stroke.value}: values are 0 (background) to "
                f"{len(self.names)} ({self.names[-1]})"
            )
        cells = cells_of_stroke(stroke, self._embedded.case(key))
        targets = np.zeros((len(cells), self.classes), np.float32)
        targets[:, stroke.value] = 1
        self._drawn.append((key, cells, targets))

    def show(self, key: str, masks: NDArray[np.bool_]) -> None:
        """Add the masks of all structures of an image ``(S, *source)``: all else is background.

        Raises
        ------
        SettingsError
            If there is no such image, or the masks are not those of its structures.
        """
        case = self._embedded.case(key)
        if masks.shape != (len(self.names), *case.case.source_grid.shape):
            raise SettingsError(
                f"{key}: masks of shape {masks.shape} do not fit {len(self.names)} structures on "
                f"an image of shape {case.case.source_grid.shape}"
            )
        working = to_working(masks, case.case.source_grid, case.case.grid)
        covered = np.stack([pooled(one[None], case.stride, case.cells).ravel() for one in working])
        targets = np.concatenate([np.clip(1 - covered.sum(0, keepdims=True), 0, 1), covered]).T
        targets /= np.maximum(targets.sum(1, keepdims=True), 1e-6)
        self._drawn.append((key, np.arange(len(targets)), targets.astype(np.float32)))

    def mark(self, key: str, drawn: NDArray[np.integer[Any]], most: int | None = None) -> None:
        """Add what is known of some voxels of an image, as a brush leaves it.

        Parameters
        ----------
        key
            The image.
        drawn
            ``(*source,)``: -1 where nothing is known, 0 for background, 1, 2, ... the structures.
        most
            Cells that are taken of it at most, drawn at random; None: all.

        Raises
        ------
        SettingsError
            If there is no such image, or it has another shape.
        """
        case = self._embedded.case(key)
        grid = case.case.source_grid
        if drawn.shape != grid.shape:
            raise SettingsError(
                f"{key}: marks of shape {drawn.shape} on an image of shape {grid.shape}"
            )
        rng = np.random.default_rng(int((drawn >= 0).sum()))
        cells, targets = cells_of_marks(drawn, self.classes, case, rng)
        if most is not None and len(cells) > most:
            some = rng.permutation(len(cells))[:most]
            cells, targets = cells[some], targets[some]
        self._drawn.append((key, cells, targets))

    def read_ahead(self, key: str) -> None:
        """Read the cells of an image, so that the first stroke in it is answered at once."""
        self._cells.read(self._embedded.case(key))

    def forget(self) -> None:
        """Take back all that was drawn, and what was learned from it; the cells stay read."""
        self._drawn.clear()
        self.head = None

    def undo(self) -> None:
        """Take back the last stroke or masks.

        Raises
        ------
        SettingsError
            If there is none.
        """
        if not self._drawn:
            raise SettingsError("there is no stroke to take back")
        self._drawn.pop()

    def fit(self, seed: int = 0) -> AnchorHead:
        """Learn from all that was drawn; the first time also what the cohort looks like.

        Raises
        ------
        SettingsError
            If less than two classes were drawn.
        """
        features, targets = self._known(np.random.default_rng(seed))
        drawn = (targets > 0.5).any(0)
        if drawn.sum() < 2:
            raise SettingsError(
                "draw in the structure and beside it: at least two of "
                f"{', '.join(('background', *self.names))} are needed"
            )
        if self._anchors is None:
            self._anchors = choose_anchors(self._painted_first(), self._cells, seed)
        before = self.head.linear if self.head else None
        near = nearness(features, self._anchors)
        self.head = AnchorHead(self._anchors, fit_head(near, targets, before))
        return self.head

    def shares(self, key: str) -> Floats:
        """Return the probability of each class in each cell of an image: ``(C, *cells)``."""
        case = self._embedded.case(key)
        return np.moveaxis(self._head().shares(self._cells.read(case)), -1, 0)

    def working(self, key: str) -> Floats:
        """Return the probability of each structure in working voxels, smoothed: ``(S, *)``."""
        case = self._embedded.case(key)
        guide = Guide(case.case.array, self._refine)
        voxels = to_voxels(self.shares(key)[1:], case)
        return np.stack([guide.smooth_share(one) for one in voxels])

    def probabilities(self, key: str) -> Floats:
        """Return the probability of each structure on the image's own grid: ``(S, *source)``."""
        case = self._embedded.case(key).case
        return to_source(self.working(key), case.grid, case.source_grid)

    def slice(self, key: str, axis: int, index: int) -> Floats:
        """Return the probability of each structure in one slice of working voxels ``(S, y, x)``.

        Only the cells of that slice are read.

        Parameters
        ----------
        key
            A volume.
        axis, index
            Axis of the working grid, and the voxel along it.

        Raises
        ------
        SettingsError
            If the image is no volume, or has no such slice.
        """
        case = self._embedded.case(key)
        shape = case.case.grid.shape
        if len(shape) != 3 or not 0 <= axis < 3 or not 0 <= index < shape[axis]:
            raise SettingsError(f"{key}: there is no slice {index} along axis {axis}")
        given = self._head().shares(self._cells.read_slice(case, axis, index // case.stride))
        grid, cell_grid = _plane(case, axis)
        voxels = resample(given[..., 1:], cell_grid, grid, lambda raw: raw.astype(np.float32))
        guide = Guide(case.case.array.take(index, axis + 1), self._refine, len(shape))
        return np.stack([guide.smooth_share(one) for one in np.moveaxis(voxels, -1, 0)])

    def cohort(self) -> Iterator[tuple[str, Floats]]:
        """Yield key and probabilities ``(S, *cells)`` of every image, quickly and unsmoothed."""
        for case in self._embedded.cases:
            yield case.case.key, self.shares(case.case.key)[1:]

    def _head(self) -> AnchorHead:
        if self.head is None:
            raise SettingsError("nothing was learned yet: draw, then fit")
        return self.head

    def _painted_first(self) -> list[EmbeddedCase]:
        keys = {key: None for key, *_ in self._drawn}
        painted = [self._embedded.case(key) for key in keys]
        return painted + [one for one in self._embedded.cases if one.case.key not in keys]

    def _known(self, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Join all that was drawn; of too many cells a part is drawn, of each image alike."""
        whole: dict[str, Floats] = {}
        for key, cells, targets in self._drawn:
            table = whole.setdefault(
                key, np.zeros((int(np.prod(self._embedded.case(key).cells)), self.classes), "f4")
            )
            table[cells] = targets
        if not whole:
            return np.zeros((0, 1)), np.zeros((0, self.classes))
        room = MOST_CELLS // len(whole)
        features, wanted = [], []
        for key, table in whole.items():
            known = np.flatnonzero(table.sum(1) > 0)
            drawn = known if len(known) <= room else rng.permutation(known)[:room]
            features.append(self._cells.read_cells(self._embedded.case(key), drawn))
            wanted.append(table[drawn])
        return np.concatenate(features), np.concatenate(wanted)


def _plane(case: EmbeddedCase, axis: int) -> tuple[Any, Any]:
    """Return the plane grids of voxels and of cells across an axis, in working voxels."""
    from medssl.geometry import Grid

    kept = [side for number, side in enumerate(case.case.grid.shape) if number != axis]
    grid = Grid.create(kept)
    return grid, grid.cells(case.stride)
