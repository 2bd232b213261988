"""What the second stage gives: clusters in use, how sure they are, and what it costs landmarks.

    python benchmarks/regions.py [--steps 360] [--side 160] [--clusters 16] [--full] [--work FOLDER]

Trains the quick preset on the chest films with a second stage and without one, for equally many
steps: small by default (half the widths, 8 images a step), so that it takes minutes on one core;
``--full`` takes the preset as it is. The real set is looked for in ``../shared/data`` or
``$MEDSSL_TEST_DATA``. The third training begins its clustering head as torch begins all layers.
Prints a Markdown table and writes a sheet of cluster maps beside the runs: film, map by assignment,
map by the cohort's prototypes. A finished run in the work folder is used again.
"""

from __future__ import annotations

import argparse
import colorsys
import os
import sys
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from medssl.embed import prototype_map
from medssl.embed.net import NetEmbedder
from medssl.evaluate import evaluate_landmarks
from medssl.io import list_images
from medssl.nets import Architecture, blocks
from medssl.prepare import ArrayCache, PreparedCohort, PrepareSettings, prepare_cohort
from medssl.pretrain import PretrainSettings, RunResult, make_settings, pretrain

WIDTHS = (8, 16, 32, 64, 64)
BATCH = 8
TILE = 192
SHOWN = 6


def find_films() -> Path:
    """Find the chest films."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MEDSSL_TEST_DATA", default)) / "cxr_covid_seg"
    if not folder.is_dir():
        sys.exit(f"the real images are absent: no {folder} (set MEDSSL_TEST_DATA)")
    return folder


def ask(arguments: argparse.Namespace, clusters: int | None) -> PretrainSettings:
    """Ask for the quick preset, or a smaller one."""
    preset = make_settings(preset="quick", clusters=clusters, steps=arguments.steps)
    if arguments.full:
        return preset
    recipe = preset.resolve()
    net = Architecture.plain(out_stride=4, widths=WIDTHS, clusters=clusters or 0)
    changes = {
        "architecture": net,
        "prepare": PrepareSettings(ndim=2, longest_side=arguments.side),
        "largest_crop": arguments.side,
        "batch": BATCH,
    }
    custom = recipe.model_copy(update=changes)
    return make_settings(custom=custom, steps=arguments.steps, compile="off")


def run(
    films: Path, arguments: argparse.Namespace, clusters: int | None, stem: str
) -> tuple[PreparedCohort, RunResult]:
    """Train; a finished run in the work folder is used again."""
    settings = ask(arguments, clusters)
    sources = list_images(films / "images").sources
    cohort = prepare_cohort(sources, settings.prepare, ArrayCache())
    return cohort, pretrain(cohort, settings, arguments.work / stem)


def colours(count: int) -> NDArray[np.uint8]:
    """Choose colours that neighbours in number do not share."""
    found = []
    for k in range(count):
        hue = colorsys.hsv_to_rgb(k * 0.618 % 1, 0.55 + 0.45 * (k % 2), 0.55 + 0.45 * (k // 2 % 2))
        found.append([round(255 * value) for value in hue])
    return np.array(found, np.uint8)


def draw_sheet(cohort: PreparedCohort, model: NetEmbedder, path: Path) -> float:
    """Draw maps of some films; returns how often assignment and prototypes agree, in all films."""
    assert model.prototypes is not None
    palette = colours(model.clusters)
    columns: list[NDArray[Any]] = []
    agreement = []
    for number, case in enumerate(cohort.cases):
        embedding, shares = model.embed_and_assign(case.array)
        chosen = [shares.argmax(0), prototype_map(embedding, model.prototypes).argmax(0)]
        agreement.append(float((chosen[0] == chosen[1]).mean()))
        if number % (len(cohort.cases) // SHOWN) == 0 and len(columns) < SHOWN:
            film = (np.asarray(case.array[0], np.float32) * 255).astype(np.uint8)
            pictures = [np.repeat(film[..., None], 3, -1), *(palette[map_] for map_ in chosen)]
            columns.append(np.concatenate([resized(picture) for picture in pictures]))
    Image.fromarray(np.concatenate(columns, 1)).save(path)
    return mean(agreement)


def resized(picture: NDArray[np.uint8]) -> NDArray[Any]:
    """Bring a picture to a tile of the sheet, cells with their edges."""
    return np.asarray(Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.NEAREST))


def line(name: str, films: Path, arguments: argparse.Namespace) -> str:
    """Train and score; one line of the table."""
    clusters = None if name == "stage 1 alone" else arguments.clusters
    begun = (0.0, 1.0) if name == "both, usual start" else (blocks.FIRST_SCORE, blocks.FIRST_GAIN)
    before = (blocks.FIRST_SCORE, blocks.FIRST_GAIN)
    blocks.FIRST_SCORE, blocks.FIRST_GAIN = begun
    stem = name.replace(",", "").replace(" ", "-")
    cohort, result = run(films, arguments, clusters, stem)
    blocks.FIRST_SCORE, blocks.FIRST_GAIN = before
    figures = "– | – | –"
    if clusters:
        last = result.history[-1]
        model = NetEmbedder.open(result.model_folder, 2)
        agreement = draw_sheet(cohort, model, arguments.work / f"{stem}.png")
        figures = (
            f"{last['effective_clusters']:.1f} | {last['pixel_entropy']:.2f} | {agreement:.0%}"
        )
    errors = [
        evaluate_landmarks(
            films / "images", films / "landmarks.csv", str(result.model_folder), 4, seed
        )["mre_px"]
        for seed in arguments.seeds
    ]
    scored = ", ".join(f"{error:.1f}" for error in errors)
    return f"| {name} | {result.seconds:.0f} | {figures} | {scored} |"


def main() -> None:
    """Train, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=360)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--clusters", type=int, default=16)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--work", type=Path, default=Path("benchmark_runs/regions"))
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    films = find_films()
    print(
        "| training | seconds | effective clusters | bits a cell | argmax = prototype "
        f"| landmarks, px (seeds {', '.join(map(str, arguments.seeds))}) |"
    )
    print("|---|---|---|---|---|---|")
    for name in ("stage 1 alone", "both stages", "both, usual start"):
        print(line(name, films, arguments), flush=True)


if __name__ == "__main__":
    main()
