"""Few labels: a cell a draw, kept on disk, and their table."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

from segmentation.sets import SETS, Films, find_data, score
from segmentation.sheet import Sheet

PRETRAINED = "pretrained"
KEPT = ("learner", "steps", "training_seconds", "seconds", "transferred")


def few(given: argparse.Namespace) -> None:
    """Measure what is missing, draw by draw, and print the table of what is there."""
    data = find_data()
    for name in given.sets or list(SETS):
        for seed in given.seeds:
            for shots in given.shots:
                for method in given.methods:
                    cell(data, name, method, shots, seed, given)
    print("| set | method | labels | structure | Dice | ± | draws | steps | training, s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in given.sets or list(SETS):
        for method in given.methods:
            for shots in given.shots:
                cells = [cell(data, name, method, shots, s, given, False) for s in given.seeds]
                print_row(name, method, shots, [one for one in cells if one is not None])


def cell(
    data: Path,
    name: str,
    method: str,
    shots: int,
    seed: int,
    given: argparse.Namespace,
    measure: bool = True,
) -> dict[str, Any] | None:
    """Read one draw of one method, or measure it."""
    learner, _, model = method.partition(":")
    pretrained = dict(one.split("=", 1) for one in given.pretrained)
    if model == PRETRAINED:
        model = pretrained.get(name, "")
    if not model:
        return None
    films: Films = SETS[name]
    asked: dict[str, Any] = {"model": model, "shots": shots, "seed": seed, "learner": learner}
    if learner == "finetune":
        asked |= {"seconds": given.seconds, "coarse": films.coarse and model != "unet"}
        asked |= {"side": films.side}
    digest = hashlib.blake2b(repr((films, asked)).encode(), digest_size=6).hexdigest()
    folder = given.work / "cells"
    path = (
        folder / f"{name}-{method.replace(':', '-').replace('/', '_')}-{shots}-{seed}-{digest}.json"
    )
    if path.exists():
        return dict(json.loads(path.read_text()))
    if given.only_read or not measure:
        return None
    sheet = Sheet() if given.sheet else None
    result: dict[str, Any] = score(data, films, given, sheet, mode="few", **asked)
    result["learned"] = {key: result["learned"].get(key) for key in KEPT}
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1))
    if sheet is not None:
        sheet.draw(result, given.sheet / f"{path.stem}.png")
    dice = {key: round(of["dice"], 3) for key, of in result["per_structure"].items()}
    print(f"{name} {method} {shots} labels, draw {seed}: {dice}", flush=True)
    return result


def print_row(name: str, method: str, shots: int, cells: list[dict[str, Any]]) -> None:
    """Print the mean over draws, a row a structure."""
    if not cells:
        return
    for structure in cells[0]["per_structure"]:
        dice = [one["per_structure"][structure]["dice"] for one in cells]
        learned = [one["learned"] for one in cells]
        steps = mean(one["steps"] or 0 for one in learned)
        took = mean(one["training_seconds"] or one["seconds"] for one in learned)
        print(
            f"| {name} | `{method}` | {shots} | {structure} | {mean(dice):.3f} "
            f"| {pstdev(dice):.3f} | {len(cells)} | {steps:.0f} | {took:.1f} |",
            flush=True,
        )
