"""A training step of DiRA with all three parts: images a second, and share of the machine.

    python benchmarks/dira_step.py [--rounds N] [--steps N] [--json OUT]

Pictures: ResNet-18 U-Net of width 16, 32 images a step, views of 96². Volumes: plain U-Net of
widths 8-16-32-64, 8 images a step, views of 16×32×32 voxels. The trainer's own step of the stage
`dira` (two distorted views an image, discrimination, restoration, adversary, both optimisers) runs
eager in float32 and, where the machine has it, compiled in bf16. They take turns, each step between
products of large matrices in the same number format, so that a busy machine slows all of them.
"of the matrix product" is what convolutions and matrix products of a step are in a second, over the
same of the large product: the median of the turns. Then the trainer itself runs some steps on the
prepared phantoms and tells the share of its time that it waited for data.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch.utils.flop_counter import FlopCounterMode

from medssl.devices import multiplies_bf16
from medssl.io import list_images
from medssl.phantom import write_cohort
from medssl.prepare import ArrayCache, PreparedCohort, prepare_cohort
from medssl.pretrain import PretrainSettings, make_settings, pretrain
from medssl.pretrain.hardware import Hardware, choose_hardware, start_accelerator
from medssl.pretrain.learner import Learner
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.plan import make_plan

MATRIX_SIDE = 2048
PRODUCTS = 3


@dataclass(frozen=True)
class Task:
    """What is trained on."""

    name: str
    ndim: Literal[2, 3]
    images: int
    image_size: int
    net: dict[str, Any]


TASKS = (
    Task("2-D, ResNet-18 width 16, 32 × 96²", 2, 64, 160, {"net": "resnet18", "width": 16}),
    Task("3-D, plain base 8, 8 × 16×32×32", 3, 16, 64, {}),
)


def settings_of(task: Task, steps: int) -> PretrainSettings:
    """Ask for all three parts from the first step on."""
    return make_settings(
        recipe="dira-moco",
        preset="quick",
        ndim=task.ndim,
        schedule="joint",
        steps=steps,
        compile="on",
        **task.net,
    )


def prepare(task: Task, steps: int, work: Path) -> PreparedCohort:
    """Make phantoms and prepare them."""
    made = write_cohort(
        work / f"phantoms{task.ndim}", task.images, ndim=task.ndim, size=task.image_size
    )
    sources = list_images(made.images).sources
    return prepare_cohort(sources, settings_of(task, steps).prepare, ArrayCache(work / "cache"))


class Stepper:
    """The trainer's own step in one number format.

    Parameters
    ----------
    cohort
        Prepared images.
    settings
        What is trained.
    hardware
        Device, number format, compiled or not.
    """

    def __init__(
        self, cohort: PreparedCohort, settings: PretrainSettings, hardware: Hardware
    ) -> None:
        plan, division = make_plan(cohort, settings)
        self.hardware = hardware
        self.batch = plan.recipe.batch
        self.learner = Learner(plan, hardware, start_accelerator("auto"))
        self.learner.enter(plan.recipe.stages[0])
        source = BatchSource(division.training, plan.canvas, self.batch, seed=0)
        self._batches = [source.read(number) for number in range(4)]
        self._number = 0
        dtype = torch.bfloat16 if hardware.precision == "bf16" else torch.float32
        self._matrix = torch.rand(MATRIX_SIDE, MATRIX_SIDE, device=hardware.device).to(dtype)

    def step(self) -> None:
        """Take one step."""
        self._number += 1
        batch = self._batches[self._number % len(self._batches)]
        float(self.learner.step(0, batch, self._number, 1e-3)[0])

    def operations(self) -> float:
        """Count the multiplications and additions of an uncompiled step."""
        with FlopCounterMode(display=False) as counter:
            self.step()
        return float(counter.get_total_flops())

    def multiply(self) -> None:
        """Multiply two large matrices some times."""
        for _ in range(PRODUCTS):
            product = self._matrix @ self._matrix
        float(product[0, 0])


def measure(task: Task, rounds: int, steps: int, work: Path) -> list[dict[str, Any]]:
    """Measure one task in each number format, turn by turn."""
    cohort = prepare(task, steps, work)
    settings = settings_of(task, steps)
    device = start_accelerator("auto").device
    steppers = [Stepper(cohort, settings, Hardware(device, "float32", compiled=False))]
    operations = steppers[0].operations()
    fast = choose_hardware(device, "auto", compiled=True)
    if fast.precision == "bf16" and multiplies_bf16(device):
        steppers.append(Stepper(cohort, settings, fast))
    for stepper in steppers:
        for _ in range(2):
            stepper.step()
        stepper.multiply()
    seconds: list[list[float]] = [[] for _ in steppers]
    shares: list[list[float]] = [[] for _ in steppers]
    for _ in range(rounds):
        for number, stepper in enumerate(steppers):
            products = _seconds(stepper.multiply)
            took = _seconds(stepper.step)
            products = (products + _seconds(stepper.multiply)) / 2
            speed = 2.0 * MATRIX_SIDE**3 * PRODUCTS / products
            seconds[number].append(took)
            shares[number].append(operations / took / speed)
    run = work / f"run{task.ndim}"
    trained = pretrain(cohort, settings, run)
    waited = [event["waiting_share"] for event in trained.history[1:]]
    rows = []
    for number, stepper in enumerate(steppers):
        median = statistics.median(seconds[number])
        rows.append(
            {
                "task": task.name,
                "precision": stepper.hardware.precision,
                "compiled": stepper.hardware.compiled,
                "gigaflops_a_step": round(operations / 1e9, 1),
                "step_seconds": round(median, 3),
                "images_per_second": round(stepper.batch / median, 1),
                "share_of_products": round(statistics.median(shares[number]), 3),
                "waiting_share": trained.waiting_share,
                "waiting_share_last": waited[-1] if waited else None,
            }
        )
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as Markdown."""
    lines = [
        "| task | step | operations | seconds a step | images a second | of the matrix product "
        "| waiting for data |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        compiled = "compiled" if row["compiled"] else "eager"
        lines.append(
            f"| {row['task']} | {row['precision']}, {compiled} "
            f"| {row['gigaflops_a_step']} GFLOP | {row['step_seconds']} "
            f"| {row['images_per_second']} | {row['share_of_products']:.0%} "
            f"| {row['waiting_share']:.1%} |"
        )
    return "\n".join(lines)


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, help="turns that are measured")
    parser.add_argument("--steps", type=int, default=30, help="steps of the trainer's run")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as work:
        for task in TASKS:
            rows += measure(task, arguments.rounds, arguments.steps, Path(work))
            print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
            print(table(rows), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
