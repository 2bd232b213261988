"""Segmentation with next to no outlines, beside its controls.

    python benchmarks/segment.py clusters [--sets films heads] [--models otsu RUN] [--seeds 0 1 2]
    python benchmarks/segment.py few      [--sets films] [--pretrained films=RUN] [--seconds 20]
                                          [--methods head:instant finetune:pretrained finetune:unet]
                                          [--seeds 0 1 2 3 4] [--shots 1 3 5 10]
    python benchmarks/segment.py fractions --pretrained vessels=RUN [--seconds 60] [--seeds 0 1]
    python benchmarks/segment.py collapse --pretrained films=RUN
    python benchmarks/segment.py strokes  [--side 512] [--volume 256]
    python benchmarks/segment.py shape    [--seeds 0 1] [--shape-steps N] [--rounds 1] [--regions]

`clusters` chooses a union of clusters on one image and scores it on all others, beside k-means of
grey values and Otsu's threshold. `few` does so with a head or a fine-tuned net, `fractions` learns
vessels from a fifth to all of the labels; both keep each training in the work folder, and the same
command goes on where it was. `strokes` times the way from a stroke to its result, on made-up
images. `shape` finds vessels from masks of other persons, beside filters. Where the run is no
preset's net, ``finetune:random:pretrained`` is the control of few labels: its net without its
weights. Tables are printed as Markdown; with ``--sheet FOLDER`` the best, median and worst image of
each training are drawn there (the true border white). The sets are looked for in
``../shared/data`` or ``$MEDSSL_TEST_DATA``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from segmentation.clusters import CONTROLS, clusters
from segmentation.collapse import collapse
from segmentation.few import few
from segmentation.fractions import fractions
from segmentation.sets import SETS
from segmentation.shape import shape
from segmentation.strokes import strokes

METHODS = (
    "head:instant", "head:pretrained", "finetune:pretrained", "finetune:random", "finetune:unet",
)  # fmt: skip
MODES = {
    "clusters": clusters,
    "few": few,
    "fractions": fractions,
    "collapse": collapse,
    "strokes": strokes,
    "shape": shape,
}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=tuple(MODES))
    parser.add_argument("--sets", nargs="+", choices=SETS)
    parser.add_argument("--models", nargs="+", default=[*CONTROLS, "instant"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--shots", type=int, nargs="+", default=[1, 3, 5, 10])
    parser.add_argument("--clusters", type=int, default=128)
    parser.add_argument(
        "--reading", choices=("kmeans", "assignment", "prototypes"), default="kmeans"
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        default=METHODS,
        help="few: LEARNER:MODEL",
    )
    parser.add_argument("--pretrained", nargs="+", default=[], metavar="SET=RUN")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each fine-tuning")
    parser.add_argument("--only-read", action="store_true", help="few: the table of what is there")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--volume", type=int, default=256, help="0: none")
    parser.add_argument("--shape-steps", type=int, help="against the adversary")
    parser.add_argument("--rounds", type=int, default=1, help="of refinement")
    parser.add_argument("--regions", action="store_true", help="shape: learn LD's stage 2 beside")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sheet", type=Path, metavar="FOLDER")
    parser.add_argument("--work", type=Path, default=Path("benchmark_runs/segment"))
    given = parser.parse_args()
    if given.sheet:
        given.sheet.mkdir(parents=True, exist_ok=True)
    MODES[given.what](given)


if __name__ == "__main__":
    main()
