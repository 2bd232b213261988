"""A fit that never learned, and maps with two bumps, so that the window is tested."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from medssl.cohort import Cohort, ModelRun
from medssl.runs import RunFolder
from napari_medssl.lesions.mapping import CaseMap


def pretend_fit(cohort_path: Path, run: Path, scores: dict[str, float] | None = None) -> Path:
    """Leave a run folder as the job does, with scores of every case."""
    folder = RunFolder(run)
    folder.write_job({"format": 1, "verb": "lesions", "request": {}})
    folder.state("done")
    (run / "lesions").mkdir()
    with Cohort.open(cohort_path) as cohort:
        lines = ["image,p_lesion,uncertainty,label,held_out_by_net"]
        for number, case in enumerate(cohort.cases()):
            p = (scores or {}).get(case.key, 0.02 + 0.05 * number)
            lines.append(f"{case.key},{p:.4f},{1 - abs(2 * p - 1):.4f},,–")
        (run / "lesions" / "scores.csv").write_text("\n".join(lines) + "\n")
        cohort.add_run(ModelRun("lesions", "random", place=str(run)))
    return run


class FakeMaps:
    """Two bumps, the first one higher; where they lie depends on the method."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.exported: list[tuple[list[str], Path, str, object]] = []

    def map_case(self, run, source, method):
        self.gate.wait(20)
        grid = source.read().grid
        y, x = np.mgrid[: grid.shape[-2], : grid.shape[-1]]
        shift = 0 if method == "layercam" else 6
        values = np.maximum(
            0.9 * np.exp(-(((y - 20 - shift) / 8) ** 2 + ((x - 20) / 8) ** 2)),
            0.7 * np.exp(-(((y - 90) / 6) ** 2 + ((x - 70) / 6) ** 2)),
        ).astype(np.float32)
        return CaseMap(source.key, method, run, ("lesion",), (0.9,), (0.8, 0.95), values, grid)

    def is_known(self, run, fingerprint, method):
        return True

    def export(self, run, sources, folder, method, threshold, progress):
        folder.mkdir()
        self.exported.append(([s.key for s in sources], folder, method, threshold))
        return 3
