"""A light engine, so that the window is tested and not the core."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from medssl.errors import FileRefusedError, ModelError
from medssl.io import Problem
from medssl.levels import level_of
from medssl.prepare import ArrayCache
from medssl.prepare.fingerprint import source_fingerprint
from napari_medssl.engine import CaseInfo, Ready
from napari_medssl.listing import list_where


@dataclass(frozen=True)
class Found:
    landmark: str
    case_key: str
    point_vox: tuple[float, ...]
    confidence: float
    level: str


class FakeEngine:
    """Finds every landmark where its first template is, one voxel further in each image."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.found: list[dict[str, dict[str, tuple[float, ...]]]] = []
        self.cases: tuple[CaseInfo, ...] = ()
        self.warnings: dict[str, tuple[str, ...]] = {}
        self.protocol = None

    def list(self, where, progress):
        return list_where(where, progress)

    def get_ready(self, listing, model, device, progress):
        if str(model).endswith("broken"):
            raise ModelError(f"{model}: model.json is damaged. Choose another model folder.")
        cases, problems = [], list(listing.problems)
        for i, source in enumerate(listing.sources):
            progress(i, len(listing.sources), "Preparing")
            while not self.gate.wait(0.02):
                progress(i, len(listing.sources), "Preparing")
            try:
                grid = source.read().grid
            except FileRefusedError as error:
                problems.append(Problem(error.path, str(error)))
                continue
            cases.append(
                CaseInfo(
                    source.key, source.name, source.path, grid,
                    source_fingerprint(source, ArrayCache()), "",
                    self.warnings.get(source.key, ()),
                )
            )  # fmt: skip
        self.cases = tuple(cases)
        return Ready(self.cases, tuple(problems), str(model), "CPU, 2 cores")

    def expect_click(self, case_key, progress):
        progress(1, 1, "Getting ready for a click")

    def find(self, wanted, templates, progress):
        templates = {name: templates[name] or self._examples(name) for name in wanted}
        self.found.append({k: dict(v) for k, v in templates.items()})
        points = []
        for landmark, own in templates.items():
            first = np.array(next(iter(own.values())))
            for i, case in enumerate(self.cases):
                progress(i, len(self.cases), "Finding")
                confidence = max(0.05, 1.0 - 0.15 * i)
                level = level_of(confidence)
                point = tuple((first + i).tolist())
                points.append(Found(landmark, case.key, point, confidence, level))
        return points

    def _examples(self, landmark):
        if self.protocol is None:
            return {}
        examples = self.protocol.definition.templates
        return {e.file: e.points[landmark] for e in examples if landmark in e.points}

    def similarity(self, landmark, case_key):
        case = next(c for c in self.cases if c.key == case_key)
        grid = case.grid.with_shape([max(1, s // 4) for s in case.grid.shape])
        axes = np.meshgrid(*[np.linspace(-1, 1, s) for s in grid.shape], indexing="ij")
        return np.exp(-4 * sum(a * a for a in axes)).astype(np.float32), grid

    def use_protocol(self, protocol):
        self.protocol = protocol
