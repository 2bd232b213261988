"""One click on a cohort of 1,000 images: seconds, peak memory, bytes moved a second.

Run ``python benchmarks/click.py``. The cohort is made of 20 chest phantoms, prepared and embedded
with the training-free descriptor; each of the 1,000 images is one of their embeddings, shifted by
up to three cells and with noise added, in a cache of its own that is deleted at the end. The files
are in the operating system's cache, as after a cohort was opened.

- ``first_click``: the first click ever in this cohort; cells are pooled, images aligned.
- ``click_in_new_image``: a click in an image that was not aligned before.
- ``click_aligned_ahead``: a click in an image that was shown before (`LandmarkFinder.prepare`).
- ``plain_click``: the paper's matching, which needs no preparation: the similarity of all cells of
  all maps as one pass over the memory-mapped half-precision embeddings, and its peak.
- ``plain_copy``: the same embeddings copied to memory, the least that a pass over them can cost.

Processor seconds (all threads) are given beside the wall time, since other work on the machine
counts in the latter.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from medssl.embed import EmbeddedCase, EmbeddedCohort, embed_cohort, open_embedder
from medssl.io import list_images
from medssl.landmarks import LandmarkFinder, MatchSettings
from medssl.phantom import write_cohort
from medssl.prepare import ArrayCache, PreparedCohort, prepare_cohort

PHANTOMS = 20


def make_cohort(folder: Path, count: int) -> EmbeddedCohort:
    """Embed a few phantoms, and vary their embeddings to `count` cached ones."""
    cache = ArrayCache(folder / "cache")
    embedder = open_embedder("instant")
    images = write_cohort(folder / "phantoms", PHANTOMS).images
    prepared = prepare_cohort(list_images(images), embedder.settings, cache)
    few = embed_cohort(prepared, embedder, cache).cases
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, (1 << 20,)).astype(np.float32)
    cases = []
    for index in range(count):
        base = few[index % len(few)]
        vectors = np.roll(np.asarray(base.embedding), rng.integers(-3, 4, 2), (0, 1))
        varied = vectors + np.roll(noise, index)[: vectors.size].reshape(vectors.shape)
        varied /= np.linalg.norm(varied, axis=-1, keepdims=True)
        cached = cache.put_array("embedding", f"{index:032x}", varied.astype(np.float16))
        case = replace(base.case, key=f"{index:04d}", name=f"image {index}")
        cases.append(EmbeddedCase(case, cached, base.stride))
    return EmbeddedCohort(
        tuple(cases),
        embedder,
        PreparedCohort(tuple(one.case for one in cases), prepared.settings),
    )


def timed(work: Callable[[], object], repeats: int = 1) -> tuple[float, float]:
    """Return the fastest wall time and the least processor time of some runs."""
    walls, cpus = [], []
    for _ in range(repeats):
        start, start_cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - start)
        cpus.append(time.process_time() - start_cpu)
    return min(walls), min(cpus)


def click(finder: LandmarkFinder, one: EmbeddedCase) -> None:
    """Click near the middle of an image and find the place everywhere."""
    finder.clear("point")
    finder.add_template("point", one.case.key, np.array(one.case.source_grid.shape) * 0.45)
    finder.find(["point"])


def copy_all(embedded: EmbeddedCohort) -> None:
    """Copy every embedding to memory, one after the other."""
    target = np.empty(max(np.prod(one.cached.shape) for one in embedded.cases), np.float16)
    for one in embedded.cases:
        source = one.embedding
        np.copyto(target[: source.size], source.reshape(-1))


def peak_gb() -> float:
    """Peak memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def measure(embedded: EmbeddedCohort) -> dict[str, float]:
    """Time the clicks."""
    cases = embedded.cases
    figures: dict[str, float] = {}

    def note(name: str, times: tuple[float, float]) -> None:
        figures[f"{name}_s"], figures[f"{name}_cpu_s"] = times

    moved = sum(np.prod(one.cached.shape) * 2 for one in cases) / 1e9
    figures["embeddings_gb"] = moved
    note("plain_copy", timed(lambda: copy_all(embedded), 3))
    plain = LandmarkFinder(embedded, MatchSettings(align=False, cycle=False))
    note("plain_click", timed(lambda: click(plain, cases[3]), 3))
    for name in ("plain_copy", "plain_click"):
        figures[f"{name}_gb_a_second"] = moved / figures[f"{name}_s"]
    finder = LandmarkFinder(embedded)
    note("first_click", timed(lambda: click(finder, cases[0])))
    note("click_in_new_image", timed(lambda: click(finder, cases[1])))
    finder.prepare(cases[2].case.key)
    note("click_aligned_ahead", timed(lambda: click(finder, cases[2]), 3))
    figures["peak_gb"] = peak_gb()
    return figures


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(make_cohort(Path(folder), options.images))
    for name, value in figures.items():
        print(f"{name:28} {value:9.3f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
