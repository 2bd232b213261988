"""Shares of the labels: the transfer table of the LD paper, on chase_db1.

Two folds by person, both eyes together: one half of the persons is scored, and 1/5 to all of the
other half teaches. A net learns for the same seconds of the processor in every cell: in the first
half of its steps what was transferred is frozen, then all learns. The paper keeps a fifth of the
images to choose the best step; here the last step counts, and all images teach.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import numpy as np

from medssl.evaluate.segmentation.finetuning import FinetuneMethod, base_start, plain_start
from medssl.evaluate.segmentation.opening import open_start
from medssl.evaluate.segmentation.overlap import overlap
from medssl.evaluate.segmentation.unet import UNET
from medssl.prepare import ArrayCache, PreparedCohort, prepare_cohort
from medssl.progress import silent
from medssl.transfer import FinetuneSettings, find_masks, parse_structures
from medssl.transfer.base import RANDOM, Base
from segmentation.few import PRETRAINED
from segmentation.sets import SETS, Films, find_data, list_set
from segmentation.sheet import Sheet

SET = "vessels"
FROZEN = 0.5
FOLDS = 2


@dataclass(frozen=True)
class Cell:
    """One training: what begins, the fold that is scored, persons that teach, and the draw."""

    model: str
    fold: int
    persons: int
    seed: int


def fractions(given: argparse.Namespace) -> None:
    """Measure what is missing, and print the table of what is there."""
    films = SETS[SET]
    runs = dict(one.split("=", 1) for one in given.pretrained)
    opened: dict[str, tuple[Base, PreparedCohort]] = {}
    models = [name for name in (RANDOM, UNET, PRETRAINED) if name != PRETRAINED or SET in runs]
    persons = len(persons_of(films)) // FOLDS
    cells = [
        Cell(model, fold, count, seed)
        for seed in given.seeds
        for fold in range(FOLDS)
        for count in range(1, persons + 1)
        for model in models
    ]
    found: dict[Cell, dict[str, Any]] = {}
    for cell in cells:
        path = path_of(cell, runs.get(SET, ""), given)
        if path.exists():
            found[cell] = json.loads(path.read_text())
        elif not given.only_read:
            name = name_of(cell, runs)
            if name not in opened:
                opened[name] = open_one(name, films, given)
            found[cell] = measure(cell, films, *opened[name], given)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found[cell], indent=1))
            print(f"{cell}: {mean(found[cell]['dice'].values()):.3f}", flush=True)
    print(
        "| begins with | "
        + " | ".join(f"{100 * n // persons} %" for n in range(1, persons + 1))
        + " |"
    )
    print("|---" * (persons + 1) + "|")
    for model in models:
        row = [told(found, model, count) for count in range(1, persons + 1)]
        print(f"| {model} | " + " | ".join(row) + " |")


def name_of(cell: Cell, runs: Mapping[str, str]) -> str:
    """Return what a cell begins with; random weights are in the pretrained model's net."""
    if cell.model == PRETRAINED:
        return runs[SET]
    return f"{RANDOM}:{runs[SET]}" if cell.model == RANDOM and SET in runs else cell.model


def persons_of(films: Films) -> list[str]:
    """Return the persons of the set; the eyes of one have the same name but for its last letter."""
    return sorted({Path(one.key).stem[:-1] for one in list_set(find_data(), films).sources})


def path_of(cell: Cell, run: str, given: argparse.Namespace) -> Path:
    """Return where a cell is kept; another run, time or size is another cell."""
    settings = ("" if cell.model == UNET else run, given.seconds, FROZEN, SETS[SET].side)
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=6).hexdigest()
    name = f"{cell.model}-{cell.fold}-{cell.persons}-{cell.seed}-{digest}.json"
    return Path(given.work) / "fractions" / name


def open_one(name: str, films: Films, given: argparse.Namespace) -> tuple[Base, PreparedCohort]:
    """Open a model, and prepare the images as it wants them."""
    base = open_start(RANDOM if name == UNET else name, 2).worked_at(films.side)
    cache = ArrayCache(given.work / "cache")
    return base, prepare_cohort(list_set(find_data(), films), base.input, cache)


def measure(
    cell: Cell, films: Films, base: Base, prepared: PreparedCohort, given: argparse.Namespace
) -> dict[str, Any]:
    """Train a cell, and score the other half of the persons."""
    masks = find_masks(
        find_data() / films.folder / "masks", prepared.cases, parse_structures(films.structures)
    )
    teaching, scored = halves(films, cell)
    settings = FinetuneSettings.few_labels(2, films.upright, given.device, cell.seed)
    settings = settings.model_copy(update={"frozen_share": FROZEN})
    start = plain_start(2, settings) if cell.model == UNET else base_start(base, settings)
    method = FinetuneMethod(start, given.seconds)
    shots = [case for case in prepared.cases if Path(case.key).stem[:-1] in teaching]
    learned = method.learn(shots, masks, silent)
    sheet, dice = Sheet(), {}
    for case in (one for one in prepared.cases if Path(one.key).stem[:-1] in scored):
        answer, truth = method.predict(case), masks.read(case)
        sheet(case, answer, truth)
        dice[case.key] = overlap(answer.masks["finetune"][0], truth[0], None).dice
    if given.sheet:
        rows = [{"image": key, "dice": value} for key, value in dice.items()]
        name = f"fractions-{cell.model}-{cell.persons}-{cell.fold}-{cell.seed}.png"
        sheet.draw({"cases": rows}, given.sheet / name)
    return {"dice": dice, "steps": learned["steps"], "seconds": learned["training_seconds"]}


def halves(films: Films, cell: Cell) -> tuple[Sequence[str], Sequence[str]]:
    """Return who teaches and who is scored; fewer are always a part of more."""
    persons = persons_of(films)
    middle = len(persons) // FOLDS
    parts = (persons[:middle], persons[middle:])
    others = np.random.default_rng(cell.seed).permutation(parts[1 - cell.fold])
    return [str(one) for one in others[: cell.persons]], parts[cell.fold]


def told(found: dict[Cell, dict[str, Any]], model: str, persons: int) -> str:
    """Return mean Dice, its spread over draws, and steps, of a cell of the table."""
    these = [(c, one) for c, one in found.items() if (c.model, c.persons) == (model, persons)]
    if not these:
        return "–"
    draws = [
        mean(dice for c, one in these if c.seed == seed for dice in one["dice"].values())
        for seed in sorted({c.seed for c, _ in these})
    ]
    spread = f" ± {pstdev(draws):.3f}" if len(draws) > 1 else ""
    return f"{mean(draws):.3f}{spread} ({mean(one['steps'] for _, one in these):.0f})"
