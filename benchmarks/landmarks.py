"""One-shot landmarks: baselines, the training-free descriptor and a model trained for minutes.

    python benchmarks/landmarks.py chest       [--minutes 10] [--seeds 0 1 2] [--work FOLDER]
    python benchmarks/landmarks.py hippocampus [...]
    python benchmarks/landmarks.py phantom     [...]

The real sets are looked for in ``../shared/data`` or ``$MEDSSL_TEST_DATA``. Pretraining sees the
images only, never the points. A finished run in the work folder is used again. The table is
printed as Markdown; all figures are written beside the run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from medssl.evaluate import evaluate_landmarks
from medssl.io import list_images
from medssl.phantom import write_cohort
from medssl.prepare import ArrayCache, prepare_cohort
from medssl.pretrain import make_settings, pretrain

MODELS = ("position", "ncc", "instant")


@dataclass(frozen=True)
class Task:
    """What is trained on, and what is scored."""

    unlabelled: tuple[Path, ...]
    images: Path
    truth: Path
    ndim: Literal[2, 3]


def find_task(name: str, work: Path) -> Task:
    """Find a set, or make the phantoms."""
    if name == "phantom":
        made = write_cohort(work / "phantoms", 48, ndim=2, seed=7)
        return Task((made.images,), made.images, made.landmarks, 2)
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("MEDSSL_TEST_DATA", default))
    if not data.is_dir():
        sys.exit(f"the real images are absent: no {data} (set MEDSSL_TEST_DATA to their folder)")
    if name == "hippocampus":
        folder = data / "hippocampus_msd"
        return Task((folder / "images",), folder / "images", folder / "landmarks.csv", 3)
    folder = data / "cxr_covid_seg"
    more = data / "covid_cxr_cohen" / "images"
    return Task((folder / "images", more), folder / "images", folder / "landmarks.csv", 2)


def train(task: Task, minutes: float, seed: int, out: Path) -> tuple[Path, float, int]:
    """Pretrain with the quick preset; returns the run, its seconds and steps."""
    settings = make_settings(preset="quick", ndim=task.ndim, minutes=minutes, seed=seed)
    listing = list_images(list(task.unlabelled))
    images = prepare_cohort(listing, settings.prepare, ArrayCache(out.parent / "cache"))
    result = pretrain(images, settings, out)
    return out, result.seconds, result.steps


def line(name: str, result: dict[str, Any]) -> str:
    """One line of the table."""
    mm = "–" if result["mre_mm"] is None else f"{result['mre_mm']:.2f}"
    sure = result["confidence_spearman"]
    return (
        f"| {name} | {result['mre_px']:.1f} | {result['median_px']:.1f} | {mm} "
        f"| {result['sdr']['4%']:.0%} | {'–' if sure is None else f'{sure:.2f}'} "
        f"| {result['seconds_per_click'] * 1000:.0f} | {result['n']} |"
    )


def main() -> None:
    """Run one of the three comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("chest", "hippocampus", "phantom"))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--train-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--templates", type=int, default=4)
    parser.add_argument("--work", type=Path, default=Path("benchmark_runs"))
    given = parser.parse_args()
    work = given.work / given.task
    work.mkdir(parents=True, exist_ok=True)
    task = find_task(given.task, work)
    run, seconds, steps = train(task, given.minutes, given.train_seed, work / "run")
    print(f"{given.task}: trained {steps} steps in {seconds:.0f} s\n")
    print("| seed, model | mean px | median px | mean mm | < 4 % | rank corr. | ms a click | n |")
    print("|---|---|---|---|---|---|---|---|")
    everything: dict[str, dict[str, Any]] = {}
    cache = ArrayCache(work / "cache")
    for seed in given.seeds:
        for model in (*MODELS, str(run)):
            result = evaluate_landmarks(
                task.images, task.truth, model, given.templates, seed, cache=cache
            )
            name = f"{seed}, {'trained' if model == str(run) else model}"
            everything[name] = result
            print(line(name, result), flush=True)
    (work / "figures.json").write_text(json.dumps(everything, indent=2))


if __name__ == "__main__":
    main()
