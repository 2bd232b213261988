"""Corrections and refining: one click, five corrections in two orders, a refined cohort.

    python benchmarks/refine.py [--set cxr_covid_seg] [--model instant] [--draws 10] [--seed 0]
                                [--corrections 5] [--work FOLDER]
    python benchmarks/refine.py --set phantom

In each draw half of the patients may be corrected and the other half is scored, the same for all
that is compared (`medssl.evaluate.evaluate_corrections`). The real sets are looked for in
``../shared/data`` or ``$MEDSSL_TEST_DATA``. The tables are printed as Markdown; all figures are
written into the work folder.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from medssl.evaluate import evaluate_corrections
from medssl.evaluate.corrections import ORDERS
from medssl.landmarks.refine import RefineSettings
from medssl.phantom import write_cohort
from medssl.prepare import ArrayCache


def find_set(name: str, work: Path) -> tuple[Path, Path]:
    """Find a set's images and true points, or make phantoms."""
    if name == "phantom":
        made = write_cohort(work / "phantoms", 32, ndim=2, seed=77)
        return made.images, made.landmarks
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MEDSSL_TEST_DATA", default)) / name
    if not folder.is_dir():
        sys.exit(f"the real images are absent: no {folder} (set MEDSSL_TEST_DATA to their folder)")
    return folder / "images", folder / "landmarks.csv"


def compared(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give what is compared, by name."""
    rows = {"one click": result["one_shot"]}
    for order in ORDERS:
        rows[f"{result['corrections']} corrections, {order} order"] = result[order]["corrected"]
        rows[f"refined, {order} order"] = result[order]["refined"]
    return rows


def show(result: dict[str, Any]) -> None:
    """Print the table and the curve."""
    first = np.array(result["one_shot"]["per_draw"])
    print("| points from | mean px | of one click | median px | < 4 % | better in draws | sure |")
    print("|---|---|---|---|---|---|---|")
    for name, values in compared(result).items():
        draws = np.array(values["per_draw"])
        sure = values["confidence_spearman"]
        print(
            f"| {name} | {values['mre_px']:.2f} | {draws.mean() / first.mean():.2f} "
            f"| {values['median_px']:.2f} | {values['sdr']['4%']:.0%} "
            f"| {(draws < first).sum()} of {len(draws)} | {sure:.2f} |"
        )
    print("\n| corrections |" + "".join(f" {n} |" for n in range(result["corrections"] + 1)))
    print("|---|" + "---|" * (result["corrections"] + 1))
    for order in ORDERS:
        curve = "".join(f" {value:.2f} |" for value in result[order]["curve"])
        print(f"| {order} order |{curve}")


def main() -> None:
    """Measure one set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="cxr_covid_seg")
    parser.add_argument("--model", default="instant")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corrections", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path("benchmark_runs"))
    given = parser.parse_args()
    work = given.work / "refine" / given.set
    work.mkdir(parents=True, exist_ok=True)
    images, truth = find_set(given.set, work)
    start = time.process_time()
    result = evaluate_corrections(
        images, truth, given.model, given.draws, given.seed, given.corrections,
        refine=RefineSettings(), cache=ArrayCache(work / "cache"),
    )  # fmt: skip
    result["processor_seconds"] = time.process_time() - start
    (work / "figures.json").write_text(json.dumps(result, indent=2))
    show(result)
    print(f"\n{result['processor_seconds']:.0f} processor seconds, {result['images']} images")


if __name__ == "__main__":
    main()
