"""Clusters: a union chosen on one image and read in the others, beside controls."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean, pstdev

from segmentation.sets import SETS, find_data, score
from segmentation.sheet import Sheet

CONTROLS = ("intensity", "otsu")


def clusters(given: argparse.Namespace) -> None:
    """Print the table of clusters."""
    data = find_data()
    print("| set | model | K | structure | best union | best single | ± over seeds | HD95 mm | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in given.sets or ["films", "heads"]:
        for model in given.models:
            own = None if model == "otsu" else 16 if model == "intensity" else given.clusters
            sheet = Sheet() if given.sheet else None
            asked = {"model": model, "clusters": own}
            if given.reading != "kmeans" and model not in CONTROLS:
                asked = {"model": model, "reading": given.reading}
            found = [score(data, SETS[name], given, sheet, seed=s, **asked) for s in given.seeds]
            for structure in found[0]["per_structure"]:
                of_all = [one["per_structure"][structure] for one in found]
                singles = [one["single"]["per_structure"][structure]["dice"] for one in found]
                away = of_all[0]["hd95_mm"]
                print(
                    f"| {name} | `{model}` | {found[0]['learned']['clusters']} | {structure} "
                    f"| {mean(o['dice'] for o in of_all):.3f} | {mean(singles):.3f} "
                    f"| {pstdev(o['dice'] for o in of_all):.3f} "
                    f"| {'–' if away is None else f'{away:.1f}'} "
                    f"| {mean(one['seconds_per_case'] for one in found):.2f} |",
                    flush=True,
                )
            if sheet is not None:
                sheet.draw(found[-1], given.sheet / f"clusters-{name}-{Path(model).name}.png")
