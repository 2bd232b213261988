"""Batches from the memory-mapped cache, read ahead by one thread.

Which images and which parts of them a step sees follows from seed, step and the image's number in
the step alone: a resumed training sees what an uninterrupted one would have, and several processes
see together what one with a batch as large as all of theirs would.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from medssl.correspond import CohortWords
from medssl.views.batch import ImageBatch

AHEAD = 2


class HasArray(Protocol):
    """A case: something with a prepared array ``(C, *spatial)``."""

    @property
    def array(self) -> NDArray[Any]:
        """Prepared values 0 to 1."""


class BatchSource:
    """Makes the batch of any step.

    Parameters
    ----------
    cases
        The images to draw from.
    canvas
        Size that images are laid on or cut to.
    batch
        Images a step and process.
    seed
        Decides order and parts.
    process, processes
        Number of this process and how many share the work.

    Attributes
    ----------
    partners
        ``(N, K)`` numbers of the cases that each case may be shown with, or None. With partners
        the second half of a batch holds a partner of each image of the first half.
    words
        Visual words of the cases, or None. With words each image is read for one of its own,
        which the canvas shows in its middle as far as the image reaches.
    """

    def __init__(
        self,
        cases: Sequence[HasArray],
        canvas: tuple[int, ...],
        batch: int,
        seed: int,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        self.cases = cases
        self.canvas = canvas
        self.batch = batch
        self.seed = seed
        self.process = process
        self.processes = processes
        self.partners: torch.Tensor | None = None
        self.words: CohortWords | None = None
        self._orders: dict[int, NDArray[np.int64]] = {}

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of this process's images among those of all processes in a step.

        Both halves of what all processes see are shared out, so that an image of the second half
        is seen by the same process as the one that it is the partner of, or a pair with.
        """
        first = self.batch // 2
        second = first if self.partners is not None else self.batch - first
        begin = self.processes * first + self.process * second
        return (
            *range(self.process * first, (self.process + 1) * first),
            *range(begin, begin + second),
        )

    def case_numbers(self, step: int) -> list[int]:
        """Return the cases drawn for a step, without partners: each once before any comes again."""
        numbers, drawn = self.numbers(), self.batch
        if self.partners is not None:
            drawn = self.batch // 2
            numbers = numbers[:drawn]
        return [self._case(step * drawn * self.processes + number) for number in numbers]

    def read(self, step: int) -> ImageBatch:
        """Read the batch of a step."""
        numbers, cases = self.numbers(), self.case_numbers(step)
        streams = [np.random.default_rng((self.seed, 1, step, number)) for number in numbers]
        choice = None
        if self.partners is not None:
            several = self.partners.shape[1]
            choice = torch.tensor([rng.integers(several) for rng in streams[: len(cases)]])
            cases = cases + self.partners[torch.tensor(cases), choice].tolist()
        arrays = [self.cases[case].array for case in cases]
        images = np.zeros((len(arrays), arrays[0].shape[0], *self.canvas), np.float32)
        origins, sizes, chosen = [], [], []
        for target, array, rng, case in zip(images, arrays, streams, cases, strict=True):
            place = None
            if self.words is not None:
                word, place = self.words.choose(case, rng)
                chosen.append((word, place))
            origins.append(_lay_on(target, array, rng, place))
            sizes.append(array.shape[1:])
        origin = torch.tensor(origins, dtype=torch.float32)
        size = torch.tensor(sizes, dtype=torch.float32)
        word_numbers = aim = None
        if chosen:
            word_numbers = torch.tensor([word for word, _ in chosen])
            places = torch.from_numpy(np.stack([place for _, place in chosen]))
            aim = origin + places * size - 0.5
        return ImageBatch(
            torch.from_numpy(images),
            origin,
            size,
            torch.tensor(cases),
            choice,
            numbers,
            word_numbers,
            aim,
        )

    def _case(self, draw: int) -> int:
        """Return the case of a draw, counted over all steps and processes."""
        epoch, place = divmod(draw, len(self.cases))
        return int(self._order(epoch)[place])

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if epoch not in self._orders:
            if len(self._orders) > 4:
                self._orders.clear()
            rng = np.random.default_rng((self.seed, 0, epoch))
            self._orders[epoch] = rng.permutation(len(self.cases))
        return self._orders[epoch]


def _lay_on(
    target: NDArray[Any],
    array: NDArray[Any],
    rng: np.random.Generator,
    place: NDArray[Any] | None = None,
) -> list[int]:
    """Lay an image centred on the canvas; where it is larger a random part, or that around a place.

    The place is relative, 0 to 1 along each axis.
    """
    origin, there, here = [], [slice(None)], [slice(None)]
    for axis, (room, size) in enumerate(zip(target.shape[1:], array.shape[1:], strict=True)):
        if size <= room:
            start = (room - size) // 2
        elif place is None:
            start = -int(rng.integers(size - room + 1))
        else:
            start = -min(max(0, round(float(place[axis]) * size - room / 2)), size - room)
        origin.append(start)
        there.append(slice(max(start, 0), max(start, 0) + min(room, size)))
        here.append(slice(max(-start, 0), max(-start, 0) + min(room, size)))
    target[tuple(there)] = array[tuple(here)]
    return origin


def read_ahead(
    source: BatchSource, first: int, last: int
) -> Generator[tuple[int, ImageBatch], None, None]:
    """Yield ``(step, batch)`` from `first` up to, not including, `last`; reads in a thread.

    Closing the iterator ends the thread. An error of the thread is raised here.
    """
    ready: queue.Queue[tuple[int, ImageBatch] | Exception] = queue.Queue(AHEAD)
    closed = threading.Event()

    def put(item: tuple[int, ImageBatch] | Exception) -> None:
        while not closed.is_set():
            try:
                ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for step in range(first, last):
                if closed.is_set():
                    return
                put((step, source.read(step)))
        except Exception as error:  # noqa: BLE001 - handed over and raised by the reader
            put(error)

    thread = threading.Thread(target=work, name="read-ahead", daemon=True)
    thread.start()
    try:
        for _ in range(first, last):
            item = ready.get()
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        closed.set()
        thread.join()
