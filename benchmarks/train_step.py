"""A training step of the paper's net at the paper's size, against a plain loop of the same net.

    python benchmarks/train_step.py [--steps N] [--json OUT]

Ours: the trainer's own step (batched views, channels-last, bf16 and compiled where that pays).
Plain: eager, float32, each image of a view transformed by itself on the processor, as a data
loader without workers does. Both make 20 images of 448² from four pairs and take one Adam step
on both losses of stage 1; they take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from medssl.nets import build_net
from medssl.objectives import (
    HypersphereMixup,
    HypersphereMixupSettings,
    Outputs,
    PatchDiscrimination,
    PatchDiscriminationSettings,
    PatchPooling,
    pool_patches,
)
from medssl.presets import ld_recipe
from medssl.pretrain.hardware import choose_hardware, start_accelerator
from medssl.pretrain.learner import Learner
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.plan import Plan, choose_canvas, choose_view
from medssl.pretrain.settings import PretrainSettings
from medssl.views import PairViews
from medssl.views.randomness import Draws
from medssl.views.turn import random_turns

PAIRS = 4
SIDE = 512


@dataclass(frozen=True)
class Picture:
    """An image in memory, as the loader wants it."""

    array: NDArray[Any]


def make_pictures(count: int) -> list[Picture]:
    """Make smooth random images of the paper's size."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.random((count, 1, 32, 32), np.float32))
    fine = F.interpolate(coarse, (SIDE, SIDE), mode="bicubic").clamp(0, 1)
    return [Picture(image.numpy().astype(np.float16)) for image in fine]


def make_plan() -> Plan:
    """Make the plan of the paper's preset."""
    settings = PretrainSettings(preset="paper", steps=1)
    recipe = settings.resolve()
    canvas = choose_canvas([(SIDE, SIDE)], recipe)
    return Plan(
        settings=settings,
        recipe=recipe,
        prepare=recipe.prepare,
        canvas=canvas,
        view=choose_view(canvas, recipe),
        n_images=32,
        fingerprint="",
        steps=1,
    )


class PlainLoop:
    """What one writes first: transforms an image at a time, eager, float32."""

    def __init__(self, pictures: list[Picture], view: int) -> None:
        self.pictures = pictures
        self.view = view
        self.net = build_net(ld_recipe("paper").architecture)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        self.patch = PatchDiscrimination(PatchDiscriminationSettings())
        self.mixup = HypersphereMixup(HypersphereMixupSettings())

    def step(self, number: int) -> None:
        """Take one step."""
        count = 2 * PAIRS
        chosen = [self.pictures[(number * count + i) % len(self.pictures)] for i in range(count)]
        images = [torch.from_numpy(picture.array.astype(np.float32)) for picture in chosen]
        turns = random_turns(2, (-2, -1), Draws.of(number, range(count)))
        first = torch.stack([self.transform(image, torch.eye(2)) for image in images])
        second = torch.stack([self.transform(i, t) for i, t in zip(images, turns, strict=True)])
        mix = torch.rand(PAIRS) * 0.6 + 0.2
        share = mix[:, None, None, None]
        mixed = share * first[:PAIRS] + (1 - share) * first[PAIRS:]
        views = PairViews(torch.cat((first, second, mixed)), turns, mix)
        cells = self.net(views.images * 2 - 1)
        outputs = Outputs(cells, patches=pool_patches(cells, PatchPooling()))
        loss = self.patch(views, outputs, 1).loss + self.mixup(views, outputs, 1).loss
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()

    def transform(self, image: Tensor, turn: Tensor) -> Tensor:
        """Crop, rotate, turn and jitter one image."""
        angle = math.radians(float(torch.rand(1) * 24 - 12))
        scale = float(1 - torch.rand(1) * 0.05)
        rotation = torch.tensor(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        matrix = torch.cat((rotation * scale @ turn, torch.rand(2, 1) * 0.05 - 0.025), dim=1)
        grid = F.affine_grid(matrix[None], [1, 1, self.view, self.view], align_corners=False)
        view = F.grid_sample(image[None], grid, align_corners=False)[0]
        view = view * float(torch.rand(1) * 0.8 + 0.6)
        return (view - view.mean()) * float(torch.rand(1) * 0.8 + 0.6) + view.mean()


def measure(steps: int) -> dict[str, Any]:
    """Take turns between the two and return medians."""
    plan = make_plan()
    pictures = make_pictures(plan.n_images)
    hardware = choose_hardware(start_accelerator("auto").device, "auto", compiled=True)
    learner = Learner(plan, hardware, start_accelerator("auto"))
    source = BatchSource(pictures, plan.canvas, plan.recipe.batch, seed=0)
    learner.enter(plan.recipe.stages[0])
    plain = PlainLoop(pictures, plan.view[0])

    def ours(number: int) -> None:
        float(learner.step(0, source.read(number), number, 1e-3)[0])

    start = time.perf_counter()
    ours(0)
    compile_seconds = time.perf_counter() - start
    plain.step(0)
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(1, steps + 1):
        seconds["ours"].append(_timed(ours, number))
        seconds["plain"].append(_timed(plain.step, number))
    median = {name: statistics.median(values) for name, values in seconds.items()}
    images = 5 * PAIRS
    return {
        "images_a_step": images,
        "view": plan.view,
        "device": str(hardware.device),
        "precision": hardware.precision,
        "compiled": hardware.compiled,
        "notes": hardware.notes,
        "threads": torch.get_num_threads(),
        "first_step_seconds": round(compile_seconds, 1),
        "ours_seconds": round(median["ours"], 3),
        "plain_seconds": round(median["plain"], 3),
        "ours_images_per_second": round(images / median["ours"], 2),
        "plain_images_per_second": round(images / median["plain"], 2),
        "times_faster": round(median["plain"] / median["ours"], 2),
    }


def _timed(work: Callable[[int], None], number: int) -> float:
    start = time.perf_counter()
    work(number)
    return time.perf_counter() - start


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = measure(arguments.steps)
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
