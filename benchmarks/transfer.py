"""What pretrainings are worth with few labels: classes and masks, beside random weights.

    python benchmarks/transfer.py busi-classes  [--steps 500] [--seeds 5] [--work FOLDER]
    python benchmarks/transfer.py busi-lesions  [...]
    python benchmarks/transfer.py hippocampus   [...]
    python benchmarks/transfer.py busi-classes --schedules    stepwise against joint
    python benchmarks/transfer.py busi-classes --reuse        features before and after

The sets are looked for in ``../shared/data`` or ``$MEDSSL_TEST_DATA``. Two fifths of the images are
tested and seen by no training. Everything is kept in the work folder cell by cell: the same command
goes on where it was. Tables are printed as Markdown; all figures are written beside.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medssl.evaluate.transfer import (
    TransferRequest,
    default_methods,
    evaluate_reuse,
    evaluate_transfer,
    make_transfer_request,
)
from medssl.io import list_images
from medssl.prepare import ArrayCache

DISCRIMINATION = ("dira-moco", "dira-barlow", "dira-simsiam")
SCHEDULES = (
    "random",
    *(f"{name}{end}" for name in DISCRIMINATION for end in ("", ":joint")),
)
REUSE = ("random", "dira-moco:di", "dira-moco", "dira-barlow:di", "dira-barlow")


@dataclass(frozen=True)
class Comparison:
    """A set, what is learned on it, and how long."""

    folder: str
    targets: str
    steps: int
    volumes: bool = False
    crop: int | None = None
    seeds: int = 5


TASKS = {
    "busi-classes": Comparison("busi", "labels.csv", steps=500),
    "busi-lesions": Comparison("busi", "masks", steps=500),
    "hippocampus": Comparison("hippocampus_msd", "masks", steps=300, volumes=True, crop=32),
}


def find_data() -> Path:
    """Find the real sets, or leave with a message."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("MEDSSL_TEST_DATA", default))
    if not data.is_dir():
        sys.exit(f"the real images are absent: no {data} (set MEDSSL_TEST_DATA to their folder)")
    return data


def make_request(task: Comparison, given: argparse.Namespace) -> TransferRequest:
    """Build the request of a comparison."""
    methods = default_methods(task.volumes)
    if given.schedules or given.reuse:
        methods = SCHEDULES if given.schedules else REUSE
    if given.methods:
        methods = tuple(given.methods)
    return make_transfer_request(
        methods=methods,
        labelled=("all",) if given.reuse else tuple(given.labelled),
        seeds=given.seeds or (2 if given.reuse else task.seeds),
        pretrain_steps=given.steps or task.steps,
        finetune_steps=given.finetune_steps,
        finetune_crop=task.crop,
        device=given.device,
    )


def print_transfer(result: dict[str, Any]) -> None:
    """Print a row a method, a column a number of labels."""
    amounts = list(dict.fromkeys(row["labelled"] for row in result["rows"]))
    rows = {(row["method"], row["labelled"]): row for row in result["rows"]}
    print(
        f"| mean {result['metric']} | {' | '.join(f'{a} labels' for a in amounts)} | pretraining |"
    )
    print(f"|---|{'---|' * (len(amounts) + 1)}")
    for method in dict.fromkeys(row["method"] for row in result["rows"]):
        cells = [transfer_cell(rows[method, amount]) for amount in amounts]
        record = result["pretraining"].get(method)
        took = f"{record['steps']} steps, {record['seconds'] / 60:.1f} min" if record else "–"
        print(f"| `{method}` | {' | '.join(cells)} | {took} |")


def transfer_cell(row: dict[str, Any]) -> str:
    """Write mean, deviation over seeds, and the gain with its interval."""
    text = f"{row['value']:.3f}"
    if row["sd"] is not None:
        text += f" ± {row['sd']:.3f}"
    if row["gain_interval"] is None:
        return text
    low, high = row["gain_interval"]
    gain = f"{row['gain']:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"{text}; **{gain}**" if low > 0 or high < 0 else f"{text}; {gain}"


def print_reuse(result: dict[str, Any]) -> None:
    """Print a row a method, a column a level."""
    strides = result["rows"][0]["strides"]
    print(f"| linear CKA | {' | '.join(f'stride {s}' for s in strides)} |")
    print(f"|---|{'---|' * len(strides)}")
    for row in result["rows"]:
        levels = " | ".join(f"{value:.3f}" for value in row["levels"])
        print(f"| `{row['method']}` | {levels} |")


def main() -> None:
    """Run one comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--schedules", action="store_true", help="stepwise against joint")
    parser.add_argument("--reuse", action="store_true", help="features before and after")
    parser.add_argument("--methods", nargs="+", help="in place of the usual ones")
    parser.add_argument("--labelled", nargs="+", default=["5", "10", "all"])
    parser.add_argument("--steps", type=int, help="of each pretraining")
    parser.add_argument("--finetune-steps", type=int, help="of each fine-tuning")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--work", type=Path, default=Path("benchmark_runs"))
    given = parser.parse_args()
    task = TASKS[given.task]
    folder = find_data() / task.folder
    work = given.work / task.folder
    listing = list_images(folder / "images")
    compare = evaluate_reuse if given.reuse else evaluate_transfer
    last = [time.monotonic()]

    def tell(done: int, total: int, message: str) -> None:
        if time.monotonic() - last[0] > 30:
            last[0] = time.monotonic()
            print(f"{done}/{total} {message}", file=sys.stderr, flush=True)

    result = compare(
        listing,
        folder / task.targets,
        work,
        make_request(task, given),
        cache=ArrayCache(given.work / "cache"),
        progress=tell,
    )
    if given.reuse:
        print_reuse(result)
    else:
        print_transfer(result)
    kind = "reuse" if given.reuse else "schedules" if given.schedules else "transfer"
    (work / f"{given.task}-{kind}.json").write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
