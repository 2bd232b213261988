"""Vessels of fundus photographs from masks of other persons: `benchmarks/segment.py shape`.

Two folds by person, both eyes together: the images of one half, without their masks, and the first
observer's masks of the other half, without their images. Every image is scored once a seed. Beside
it, on the same images: filters of tubes, each cut at the share of the field of view that is best on
the very masks it is scored on, and the second observer.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medssl.evaluate.segmentation import evaluate_segmentation, make_request
from medssl.evaluate.segmentation.methods import Answer
from medssl.io import list_images
from medssl.prepare import ArrayCache, Case
from medssl.segment.shape_guided.controls import FILTERS
from medssl.transfer import parse_structures
from segmentation.sets import find_data

SET = "chase_db1"
FIRST, SECOND = "observer1", "observer2"
TILE = 480
Seen = Callable[[Case, Answer, NDArray[np.bool_]], None]


def shape(given: argparse.Namespace) -> None:
    """Print the table, and draw the sheet of the last seed."""
    data = find_data()
    print("| what | before refinement | after | ± over seeds | worst | best | s a fold |")
    print("|---|---|---|---|---|---|---|")
    found = {seed: folds(data, given, "random", seed) for seed in given.seeds}
    before = [mean(one["before"]["cases"].values()) for one in found.values()]
    after = [mean(one["cases"].values()) for one in found.values()]
    images = [dice for one in found.values() for dice in one["cases"].values()]
    seconds = mean(one["seconds"] for one in found.values())
    print(
        f"| shape, seeds {', '.join(map(str, given.seeds))} | {mean(before):.3f} "
        f"| {mean(after):.3f} | {pstdev(after):.3f} | {min(images):.3f} | {max(images):.3f} "
        f"| {seconds:.0f} |",
        flush=True,
    )
    for name in FILTERS:
        one = folds(data, given, name, 0)
        dice = list(one["cases"].values())
        print(
            f"| {name}, best share of each fold ({', '.join(one['tuned'])}) | – | {mean(dice):.3f} "
            f"| – | {min(dice):.3f} | {max(dice):.3f} | {one['seconds']:.0f} |",
            flush=True,
        )
    dice = second_observer(data)
    told = f"{mean(dice):.3f} | – | {min(dice):.3f} | {max(dice):.3f}"
    print(f"| the second observer | – | {told} | – |")
    if given.sheet:
        draw(found[given.seeds[-1]], given.sheet / "shape.png")


def folds(data: Path, given: argparse.Namespace, model: str, seed: int) -> dict[str, Any]:
    """Score both halves of the persons; returns the Dice of each image before and after."""
    paths = sorted((data / SET / "images").iterdir())
    persons = sorted({path.stem[:-1] for path in paths})  # Image_01L, Image_01R: one person
    half = len(persons) // 2
    joined: dict[str, Any] = {"cases": {}, "before": {"cases": {}}, "pictures": {}, "tuned": []}
    took = []
    for chosen in (persons[:half], persons[half:]):
        images = [path for path in paths if path.stem[:-1] in chosen]
        begun = time.perf_counter()
        result = evaluate_segmentation(
            list_images(images),
            data / SET / "masks",
            make_request(
                mode="shape",
                model=model,
                prior=str(data / SET / "masks"),
                prior_label=FIRST,
                seed=seed,
                steps=given.shape_steps,
                rounds=given.rounds,
                regions=given.regions,
                upright=False,
                device=given.device,
            ),
            parse_structures(f"vessels={FIRST}"),
            cache=ArrayCache(given.work / "cache"),
            seen=keep(joined["pictures"]),
        )
        took.append(time.perf_counter() - begun)
        joined["cases"] |= {row["image"]: row["dice"] for row in result["cases"]}
        if "before" in result:
            joined["before"]["cases"] |= dice_of(result["before"])
        else:
            joined["tuned"].append(f"{100 * result['learned']['area']:.1f} %")
        earlier = f"{result['before']['dice']:.3f} before, " if "before" in result else ""
        print(
            f"{model}, seed {seed}, {chosen[0]} to {chosen[-1]}: {earlier}{result['dice']:.3f}, "
            f"{took[-1]:.0f} s",
            file=sys.stderr,
            flush=True,
        )
    joined["seconds"] = mean(took)
    return joined


def dice_of(report: dict[str, Any]) -> dict[str, float]:
    """Return the Dice of each image of a report."""
    return {row["image"]: row["dice"] for row in report["cases"]}


def keep(pictures: dict[str, NDArray[np.uint8]]) -> Seen:
    """Return what keeps a small picture of each answer: right white, missed green, wrong red."""

    def seen(case: Case, answer: Answer, truth: NDArray[np.bool_]) -> None:
        mask, true = next(iter(answer.masks.values()))[0], truth[0]
        colours = np.zeros((*mask.shape, 3), np.uint8)
        colours[mask & true] = 255
        colours[true & ~mask] = (40, 200, 90)
        colours[mask & ~true] = (230, 60, 40)
        size = (TILE, round(TILE * mask.shape[0] / mask.shape[1]))
        pictures[case.key] = np.asarray(Image.fromarray(colours).resize(size))

    return seen


def second_observer(data: Path) -> list[float]:
    """Return the Dice of the second observer's masks against the first's."""
    found = []
    for path in sorted((data / SET / "masks").glob(f"*__{FIRST}.*")):
        one, other = (
            np.asarray(Image.open(p).convert("L")) > 0
            for p in (path, path.with_name(path.name.replace(FIRST, SECOND)))
        )
        found.append(2 * float((one & other).sum()) / float(one.sum() + other.sum()))
    return found


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw best, median and worst image beside each other."""
    order: Sequence[str] = sorted(found["cases"], key=lambda key: -found["cases"][key])
    chosen = (order[0], order[len(order) // 2], order[-1])
    Image.fromarray(np.concatenate([found["pictures"][key] for key in chosen], 1)).save(path)
    for name, key in zip(("best", "median", "worst"), chosen, strict=True):
        print(f"{name}: {key}, Dice {found['cases'][key]:.3f}")
