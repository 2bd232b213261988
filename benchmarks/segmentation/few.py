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
    labels = " | ".join(f"{shots}" for shots in given.shots)
    print(f"| set | structure | method | {labels} | steps |")
    print("|---" * (4 + len(given.shots)) + "|")
    for name in given.sets or list(SETS):
        for method in given.methods:
            drawn = [
                [cell(data, name, method, shots, seed, given, False) for seed in given.seeds]
                for shots in given.shots
            ]
            print_rows(name, method, [[one for one in of if one is not None] for of in drawn])


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
    if model.endswith(PRETRAINED):
        if name not in pretrained:
            return None
        model = model.replace(PRETRAINED, pretrained[name])
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


def print_rows(name: str, method: str, cells: list[list[dict[str, Any]]]) -> None:
    """Print a row a structure: by number of labels the mean Dice, its spread and the draws."""
    if not any(cells):
        return
    steps = [one["learned"]["steps"] for of in cells for one in of if one["learned"]["steps"]]
    done = f"{min(steps)} to {max(steps)}" if steps else "–"
    for structure in next(of for of in cells if of)[0]["per_structure"]:
        row = []
        for of in cells:
            dice = [one["per_structure"][structure]["dice"] for one in of]
            told = f"{mean(dice):.3f} ± {pstdev(dice):.3f} ({len(dice)})" if dice else "–"
            row.append(told)
        print(f"| {name} | {structure} | `{method}` | {' | '.join(row)} | {done} |", flush=True)
