"""Lesion maps from labels of whole images, beside controls: the table and the sheet of cases.

    python benchmarks/lesions.py busi                     benign, malignant, normal
    python benchmarks/lesions.py cxr                      consolidation in chest films
    python benchmarks/lesions.py busi --model DIR ...     begin with these models too
    python benchmarks/lesions.py busi --labels 20 --seeds 5
    python benchmarks/lesions.py busi --effort standard   four times as many steps
    python benchmarks/lesions.py busi --methods           the maps of all methods, same nets
    python benchmarks/lesions.py busi --speed             seconds a map, 2-D and 3-D

The sets are looked for in ``../shared/data`` or ``$MEDSSL_TEST_DATA``. Each image is answered by
nets that have not learned from it; masks are for scoring only. A benchmark that was interrupted
goes on from the last finished part. Tables are printed as Markdown; all
figures and the sheet (best, median and worst cases by overlap, not a selection) are written into
the work folder.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from medssl.cli.comparing import read_groups
from medssl.evaluate.lesions import LesionTrial, evaluate_lesions
from medssl.evaluate.lesions.sheet import Picked, lesion_sheet
from medssl.evaluate.scores import auc
from medssl.io import list_images
from medssl.lesions import METHODS, NORMAL, LesionSettings
from medssl.prepare import ArrayCache

SCORES = (
    "pointing", "iou_at_tuned", "iou_otsu", "box_iou_0.3", "box_iou_0.5",
    "false_positives_per_image",
)  # fmt: skip


@dataclass(frozen=True)
class LesionSet:
    """A set and what is asked of it."""

    folder: str
    columns: tuple[str, ...] = ("label",)
    groups: str | None = None


SETS = {
    "busi": LesionSet("busi"),
    "cxr": LesionSet("cxr_covid_seg", ("has_consolidation",), "landmarks.csv"),
}


def find_data() -> Path:
    """Find the real sets, or leave with a message."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("MEDSSL_TEST_DATA", default))
    if not data.is_dir():
        sys.exit(f"the real images are absent: no {data} (set MEDSSL_TEST_DATA to their folder)")
    return data


def evaluate(
    asked: LesionSet, folder: Path, model: str, given: argparse.Namespace, seed: int
) -> tuple[dict[str, Any], list[Picked]]:
    """Evaluate one start with one seed."""
    listing = list_images(folder / "images")
    last = [time.monotonic()]

    def tell(done: int, total: int, message: str) -> None:
        if time.monotonic() - last[0] > 30:
            last[0] = time.monotonic()
            print(f"{done}/{total} {message}", file=sys.stderr, flush=True)

    trial = LesionTrial(
        model,
        given.folds,
        seed,
        given.labels,
        given.method,
        settings=LesionSettings.preset(given.effort, device=given.device, seed=seed),
        device=given.device,
        also=tuple(one for one in METHODS if one != given.method) if given.methods else (),
    )
    groups = folder / asked.groups if asked.groups else None
    picked: list[Picked] = []
    result = evaluate_lesions(
        listing,
        folder / "labels.csv",
        folder / "masks",
        trial,
        asked.columns,
        groups=read_groups(groups, listing.sources),
        cache=ArrayCache(given.work / "cache"),
        keep=given.work / "parts",
        progress=tell,
        show=picked.append,
    )
    return result, picked


def print_table(name: str, results: list[dict[str, Any]]) -> None:
    """Print a block: a row the method and each control; means over the seeds."""
    first = results[0][name]["method"]
    print(f"\n**{name}**: {first['positives']} of {first['images']} images, {first['mapped']} with")
    print("a mask\n")
    print(f"| | AUC | {' | '.join(one.replace('_', ' ') for one in SCORES)} |")
    print(f"|---|{'---|' * (len(SCORES) + 1)}")
    for who in results[0][name]:
        cells = [_cell([result[name][who] for result in results], one) for one in ("auc", *SCORES)]
        print(f"| {who} | {' | '.join(cells)} |")
    among = [result[name]["method"].get("auc_among_lesions") for result in results]
    if among[0] is not None:
        print(f"\nAUC of {name} among the images with a lesion: {np.mean(among):.3f}")


def _cell(rows: list[dict[str, Any]], name: str) -> str:
    values = [row[name] for row in rows if row[name] is not None]
    if not values:
        return "–"
    text = f"{np.mean(values):.3f}"
    if len(values) > 1:
        return f"{text} ± {np.std(values):.3f}"
    around = rows[0].get(f"{name}_interval")
    return text if around is None else f"{text} [{around[0]:.2f}, {around[1]:.2f}]"


def print_seen(model: str, result: dict[str, Any], picked: list[Picked]) -> None:
    """Print the scores of images that the pretraining had seen, without labels, and of the others.

    A model folder that is not a run does not tell what it has seen.
    """
    job = Path(model) / "job.json"
    if not job.is_file():
        return
    seen = {row["key"] for row in json.loads(job.read_text(encoding="utf-8"))["inputs"]}
    for said, wanted in (("seen by the pretraining", True), ("not seen", False)):
        rows = [row for row in result["images"] if (row["image"] in seen) == wanted]
        lesion = np.array([row["kind"] != NORMAL for row in rows])
        if lesion.all() or not lesion.any():
            continue
        area = auc(np.array([[row["p_lesion"]] for row in rows]), lesion[:, None])[0]
        own = [one for one in picked if (one.name in seen) == wanted]
        hits = [bool(one.mask.flat[int(one.values.argmax())]) for one in own]
        overlap = np.mean([one.overlap for one in own])
        print(
            f"\n{len(rows)} images {said}: AUC {area:.3f}, pointing {np.mean(hits):.3f}, ", end=""
        )
        print(f"IoU at the tuned threshold {overlap:.3f}")


def measure_speed(device: str) -> None:
    """Print the seconds that a map takes: a picture of 512 × 512 and a volume of 128³."""
    from medssl.evaluate.lesions.speed import seconds_a_map

    sizes: tuple[tuple[Literal[2, 3], int], ...] = ((2, 512), (3, 128))
    for ndim, side in sizes:
        seconds = seconds_a_map(ndim, side, device)
        print(f"{ndim}-D, {side}: {', '.join(f'{m} {s:.2f} s' for m, s in seconds.items())}")


def main() -> None:
    """Run one evaluation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--model", action="append", help="random, random:DIR, DIR; repeatable")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--labels", type=int, help="of each class")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--method", choices=METHODS, default=METHODS[0])
    parser.add_argument("--effort", choices=("quick", "standard"), default="quick")
    parser.add_argument("--methods", action="store_true", help="score the other methods too")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--work", type=Path, default=Path("benchmark_runs/lesions"))
    given = parser.parse_args()
    if given.speed:
        measure_speed(given.device)
        return
    asked = SETS[given.set]
    folder = find_data() / asked.folder
    for model in given.model or ["random"]:
        results = []
        name = f"{given.set}-{model.replace('/', '_').replace(':', '_')}"
        for seed in range(given.seeds):
            result, picked = evaluate(asked, folder, model, given, seed)
            results.append(result)
            given.work.mkdir(parents=True, exist_ok=True)
            path = given.work / f"{name}-{given.labels or 'all'}-{seed}.json"
            path.write_text(json.dumps(result, indent=2))
            lesion_sheet(picked).save(path.with_suffix(".png"))
        print(f"\n## {model}, {results[0]['map']}, {results[0]['seconds']:.0f} s")
        print_seen(model, result, picked)
        for block, value in results[0].items():
            if isinstance(value, dict) and "saliency" in value:
                print_table(block, results)


if __name__ == "__main__":
    main()
