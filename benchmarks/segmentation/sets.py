"""The sets of the benchmark, and one evaluation on one of them."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medssl.evaluate.segmentation import evaluate_segmentation, make_request
from medssl.io import ImageListing, list_images
from medssl.io.tables import table_rows
from medssl.prepare import ArrayCache
from medssl.transfer import parse_structures
from segmentation.sheet import Sheet


@dataclass(frozen=True)
class Films:
    """A set, its structures and the files beside it.

    Nets learn cells (`coarse`) or all detail, at a longest side of `side` (None: the model's); of
    large sets every so many-th image is used; `eyes` of one person have the same name but for its
    last letter.
    """

    folder: str
    structures: str
    groups: str | None = None
    spacing: str | None = None
    upright: bool = True
    coarse: bool = True
    every: int = 1
    eyes: bool = False
    side: int | None = None


SETS = {
    "films": Films(
        "cxr_covid_seg", "lungs=left_lung+right_lung,heart=cardiomediastinum", "landmarks.csv"
    ),
    "heads": Films(
        "hc18_fetal_head", "head=mask", "landmarks.csv", "spacing.csv", upright=False, every=3
    ),
    "hippocampus": Films("hippocampus_msd", "anterior=1,posterior=2", every=4),
    "vessels": Films(
        "chase_db1", "vessels=observer1", upright=False, coarse=False, eyes=True, side=512
    ),
}


def find_data() -> Path:
    """Find the real sets, or leave with a message."""
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    data = Path(os.environ.get("MEDSSL_TEST_DATA", default))
    if not data.is_dir():
        sys.exit(f"the real images are absent: no {data} (set MEDSSL_TEST_DATA to their folder)")
    return data


def list_set(data: Path, films: Films) -> ImageListing:
    """List the images that are used of a set."""
    whole = list_images(data / films.folder / "images")
    return replace(whole, sources=whole.sources[:: films.every])


def score(
    data: Path, films: Films, given: argparse.Namespace, seen: Sheet | None, **values: Any
) -> dict[str, Any]:
    """Run one evaluation."""
    folder = data / films.folder
    listing = list_set(data, films)
    groups = None
    if films.groups is not None:
        rows = table_rows(folder / films.groups, ("image",))
        groups = {row["image"]: row["group"] for _, row in rows if row.get("group")}
    if films.eyes:
        groups = {one.key: Path(one.key).stem[:-1] for one in listing.sources}
    return evaluate_segmentation(
        listing,
        folder / "masks",
        make_request(upright=films.upright, device=given.device, **values),
        parse_structures(films.structures),
        folder / films.spacing if films.spacing else None,
        groups,
        ArrayCache(given.work / "cache"),
        seen=seen,
    )
