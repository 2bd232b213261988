"""Segmentation with next to no outlines, beside its controls.

    python benchmarks/segment.py clusters [--sets films heads] [--models instant] [--seeds 0 1 2]
    python benchmarks/segment.py few      [--sets films] [--models RUN random] [--seeds 0 1 2 3 4]
                                          [--shots 1 3 5 10] [--learner head|finetune] [--steps N]
    python benchmarks/segment.py strokes  [--side 512] [--volume 256]
    python benchmarks/segment.py shape    [--seeds 0 1] [--shape-steps N] [--rounds 1] [--regions]

`clusters` chooses a union of clusters on one image and scores it on all others, beside k-means of
grey values and Otsu's threshold. `few` does so with a head or a fine-tuned net. `strokes` times the
way from a stroke to its result, on made-up images. `shape` finds vessels from masks of other
persons, beside filters (`benchmarks/segment_shape.py`). Tables are printed as Markdown; with
``--sheet FILE`` the best, median and worst image of the last model are drawn (the true border
white). The sets are looked for in ``../shared/data`` or ``$MEDSSL_TEST_DATA``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from medssl.embed import embed_cohort, open_embedder
from medssl.evaluate.segmentation import evaluate_segmentation, make_request
from medssl.evaluate.segmentation.methods import Answer
from medssl.geometry import Grid
from medssl.io import Image as Picture
from medssl.io import list_images, write_image
from medssl.io.tables import table_rows
from medssl.prepare import ArrayCache, Case, prepare_cohort
from medssl.segment.clusters import RefineSettings, find_clusters, structure_map
from medssl.segment.few import LabelTeacher, Stroke
from medssl.transfer import parse_structures

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.segment_shape import vessels

TILE = 320
COLOURS = ((255, 120, 0), (0, 180, 255), (60, 220, 60))
CONTROLS = ("intensity", "otsu")


@dataclass(frozen=True)
class Films:
    """A set, its structures and the files beside it."""

    folder: str
    structures: str
    groups: str | None = None
    spacing: str | None = None
    upright: bool = True


SETS = {
    "films": Films(
        "cxr_covid_seg", "lungs=left_lung+right_lung,heart=cardiomediastinum", "landmarks.csv"
    ),
    "heads": Films("hc18_fetal_head", "head=mask", "landmarks.csv", "spacing.csv", upright=False),
    "hippocampus": Films("hippocampus_msd", "anterior=1,posterior=2"),
    "vessels": Films("chase_db1", "vessels=observer1", upright=False),
}


def find_data() -> Path:
    """Find the real sets, or leave with a message."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("MEDSSL_TEST_DATA", default))
    if not data.is_dir():
        sys.exit(f"the real images are absent: no {data} (set MEDSSL_TEST_DATA to their folder)")
    return data


class Sheet:
    """Keeps small pictures of all answers, and draws the best, the median and the worst."""

    def __init__(self) -> None:
        self.pictures: dict[str, NDArray[np.uint8]] = {}

    def __call__(self, case: Case, answer: Answer, truth: NDArray[np.bool_]) -> None:
        """Keep one answer."""
        first = next(iter(answer.masks.values()))
        grey = np.asarray(case.array[0], np.float32)
        if grey.ndim == 3:
            middle = truth.any(0).sum((1, 2)).argmax()
            first, truth = first[:, middle], truth[:, middle]
            grey = grey[round(middle * (len(grey) - 1) / max(1, case.source_grid.shape[0] - 1))]
        side = TILE / max(grey.shape)
        size = (round(grey.shape[1] * side), round(grey.shape[0] * side))
        values = np.asarray(Image.fromarray((grey * 255).astype(np.uint8)).resize(size))
        picture = np.repeat(values[..., None], 3, -1)
        for found, true, colour in zip(first, truth, COLOURS, strict=False):
            picture[border(true, size)] = (255, 255, 255)
            picture[border(found, size)] = colour
        self.pictures[case.key] = picture

    def draw(self, result: dict[str, Any], path: Path) -> None:
        """Draw a row of three."""
        scores: dict[str, list[float]] = {}
        for row in result["cases"]:
            if row["dice"] is not None:
                scores.setdefault(row["image"], []).append(row["dice"])
        order = sorted(scores, key=lambda key: -mean(scores[key]))
        sheet = np.zeros((TILE, 3 * TILE, 3), np.uint8)
        for column, key in enumerate((order[0], order[len(order) // 2], order[-1])):
            picture = self.pictures[key]
            sheet[: picture.shape[0], column * TILE : column * TILE + picture.shape[1]] = picture
            print(f"{('best', 'median', 'worst')[column]}: {key}, Dice {mean(scores[key]):.3f}")
        Image.fromarray(sheet).save(path)


def border(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the border of a mask at another size."""
    small = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST), bool)
    return np.asarray(small & ~ndimage.binary_erosion(small))


def score(
    data: Path, films: Films, given: argparse.Namespace, seen: Sheet | None, **values: Any
) -> dict[str, Any]:
    """Run one evaluation."""
    folder = data / films.folder
    listing = list_images(folder / "images")
    groups = None
    if films.groups is not None:
        rows = table_rows(folder / films.groups, ("image",))
        groups = {row["image"]: row["group"] for _, row in rows if row.get("group")}
    return evaluate_segmentation(
        listing,
        folder / "masks",
        make_request(upright=films.upright, device=given.device, **values),
        parse_structures(films.structures),
        folder / films.spacing if films.spacing else None,
        groups,
        ArrayCache(given.work / "cache"),
        seen=seen,
    )


def clusters(given: argparse.Namespace) -> None:
    """Print the table of clusters."""
    data = find_data()
    print("| set | model | K | structure | best union | best single | ± over seeds | HD95 mm | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in given.sets or ["films", "heads"]:
        for model in (*CONTROLS, *given.models):
            own = None if model == "otsu" else 16 if model == "intensity" else given.clusters
            sheet = Sheet() if given.sheet else None
            asked = {"model": model, "clusters": own}
            if given.reading != "kmeans" and model not in CONTROLS:
                asked = {"model": model, "reading": given.reading}
            found = [score(data, SETS[name], given, sheet, seed=s, **asked) for s in given.seeds]
            for structure in found[0]["per_structure"]:
                of_all = [one["per_structure"][structure] for one in found]
                singles = [one["single"]["per_structure"][structure]["dice"] for one in found]
                away = of_all[0]["hd95_mm"]
                print(
                    f"| {name} | `{model}` | {found[0]['learned']['clusters']} | {structure} "
                    f"| {mean(o['dice'] for o in of_all):.3f} | {mean(singles):.3f} "
                    f"| {pstdev(o['dice'] for o in of_all):.3f} "
                    f"| {'–' if away is None else f'{away:.1f}'} "
                    f"| {mean(one['seconds_per_case'] for one in found):.2f} |",
                    flush=True,
                )
        if sheet is not None:
            sheet.draw(found[-1], given.sheet)


def few(given: argparse.Namespace) -> None:
    """Print the table of few labels."""
    data = find_data()
    print("| set | begins with | learner | shots | structure | Dice | ± over seeds | learning, s |")
    print("|---|---|---|---|---|---|---|---|")
    for name in given.sets or list(SETS):
        for shots in given.shots:
            for model in given.models:
                sheet = Sheet() if given.sheet else None
                asked = {"mode": "few", "model": model, "shots": shots, "learner": given.learner}
                asked["steps"] = given.steps if given.learner == "finetune" else None
                found = [
                    score(data, SETS[name], given, sheet, seed=s, **asked) for s in given.seeds
                ]
                for structure in found[0]["per_structure"]:
                    dice = [one["per_structure"][structure]["dice"] for one in found]
                    took = mean(one["learned"]["seconds"] for one in found)
                    print(
                        f"| {name} | `{Path(model).name}` | {given.learner} | {shots} "
                        f"| {structure} | {mean(dice):.3f} | {pstdev(dice):.3f} | {took:.1f} |",
                        flush=True,
                    )
        if sheet is not None:
            sheet.draw(found[-1], given.sheet)


def strokes(given: argparse.Namespace) -> None:
    """Print how long a stroke takes, and a map of clusters."""
    print("| what | seconds |")
    print("|---|---|")
    for shape in ((given.side,) * 2, (given.volume,) * 3):
        if not shape[0]:
            continue
        for what, seconds in times(shape, given):
            print(f"| {what} | {seconds:.2f} |", flush=True)


def times(shape: tuple[int, ...], given: argparse.Namespace) -> list[tuple[str, float]]:
    """Time strokes and clusters on a made-up image of a size."""
    folder = given.work / f"made_{len(shape)}d_{shape[0]}"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    values = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), shape[0] / 30)
    scaled = (255 * (values - values.min()) / np.ptp(values)).astype(np.uint8)
    volume = len(shape) == 3
    grid = Grid.create(shape, (1.0,) * 3) if volume else Grid.create(shape)
    path = folder / ("image.nii.gz" if volume else "image.png")
    write_image(Picture(scaled, grid, "zyx" if volume else "yx"), path)
    cache = ArrayCache(given.work / "cache")
    embedder = open_embedder("instant", 3 if volume else 2)
    cohort = prepare_cohort(list_images(folder), embedder.settings, cache)
    embedded = embed_cohort(cohort, embedder, cache)
    case = embedded.cases[0]
    teacher = LabelTeacher(embedded, ("organ",))
    middle = [side / 2 for side in shape]
    far = [*middle[:-1], shape[-1] * 0.9]
    teacher.paint(case.case.key, Stroke(1, (tuple(middle), (*middle[:-1], middle[-1] + 20)), 3))
    teacher.paint(case.case.key, Stroke(0, (tuple(far), (*far[:-1], far[-1] + 10)), 3))
    teacher.fit()
    teacher.shares(case.case.key)  # the first stroke in an image reads its embedding

    def one_more(result: Any) -> float:
        begun = time.perf_counter()
        teacher.paint(case.case.key, Stroke(1, (tuple(side * 0.4 for side in shape),), 5))
        teacher.fit()
        result()
        return time.perf_counter() - begun

    name = " × ".join(map(str, shape))
    if volume:
        layer = case.case.grid.shape[0] // 2
        return [
            (f"stroke to slice, {name}", one_more(lambda: teacher.slice(case.case.key, 0, layer))),
            (f"stroke to volume, {name}", one_more(lambda: teacher.working(case.case.key))),
        ]
    found = [(f"stroke to image, {name}", one_more(lambda: teacher.probabilities(case.case.key)))]
    made = find_clusters(embedded, 64)
    begun = time.perf_counter()
    structure_map(made, case, 16, RefineSettings())
    return [*found, (f"map of 16 structures, {name}", time.perf_counter() - begun)]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("clusters", "few", "strokes", "shape"))
    parser.add_argument("--sets", nargs="+", choices=SETS)
    parser.add_argument("--models", nargs="+", default=["instant"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--shots", type=int, nargs="+", default=[1, 3, 5, 10])
    parser.add_argument("--clusters", type=int, default=128)
    parser.add_argument("--reading", choices=("kmeans", "assignment", "prototypes"))
    parser.add_argument("--learner", choices=("head", "finetune"), default="head")
    parser.add_argument("--steps", type=int, default=100, help="of each fine-tuning")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--volume", type=int, default=256, help="0: none")
    parser.add_argument("--shape-steps", type=int, help="against the adversary")
    parser.add_argument("--rounds", type=int, default=1, help="of refinement")
    parser.add_argument("--regions", action="store_true", help="shape: learn LD's stage 2 beside")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--work", type=Path, default=Path("benchmark_runs/segment"))
    given = parser.parse_args()
    given.reading = given.reading or "kmeans"
    if given.what == "shape":
        vessels(find_data(), given)
        return
    {"clusters": clusters, "few": few, "strokes": strokes}[given.what](given)


if __name__ == "__main__":
    main()
