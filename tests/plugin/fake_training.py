"""A light engine, and runs that a test writes by hand, with a process that can be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import gui
import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from medssl.geometry import Grid
from medssl.io import list_images
from medssl.runs import RunFolder, runs_root
from medssl.runs.process import ProcessRecord
from napari_medssl.training.request import Device, Images, Outlook
from napari_medssl.widgets.pretraining.dock import PretrainingWidget

SCHEMA: dict[str, Any] = {
    "properties": {
        "recipe": {"const": "ld", "default": "ld"},
        "form": {
            "anyOf": [{"enum": ["dense", "grid"]}, {"type": "null"}],
            "default": None,
            "description": "points or patches",
            "only_for": ["ld"],
        },
        "steps": {
            "anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}],
            "default": None,
            "description": "Steps to train.",
        },
        "minutes": {
            "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}],
            "default": None,
        },
        "upright": {"type": "boolean", "default": True},
        "seed": {"type": "integer", "minimum": 0, "default": 0},
        "custom": {"anyOf": [{"$ref": "#/$defs/Recipe"}, {"type": "null"}], "default": None},
    }
}


class FakeTraining:
    """Looks at images as the core does; forecasts and creates runs at once."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.created: list[FakeRun] = []

    def inspect(self, where, progress):
        listing = list_images(where)
        return Images(where, len(listing.sources), 2, ((120, 100),), listing.problems)

    def schemas(self):
        return SCHEMA, {"properties": {"every_seconds": {"type": "number", "default": 20.0}}}

    def devices(self):
        return [Device("auto", "CPU · 8 GB"), Device("cpu", "CPU · 8 GB")]

    def outlook(self, images, choice, progress):
        self.asked.append(choice.settings(images))
        return Outlook(f"About 8 min · {images.count} images", "all of it")

    def create(self, images, choice):
        self.asked.append(choice.settings(images))
        self.created.append(FakeRun(f"run-{len(self.created)}", name=images.name))
        return self.created[-1].path


class FakeRun:
    """A run folder as a job would write it."""

    def __init__(self, key: str, /, state: str = "queued", **request: Any) -> None:
        self.path = runs_root() / key
        self.folder = RunFolder(self.path)
        (self.path / "control").mkdir(parents=True)
        self.folder.write_job(
            {
                "format": 1,
                "verb": "pretrain",
                "request": {
                    "name": request.get("name", key),
                    "settings": {"recipe": "ld", "preset": "quick"},
                },
                "created": request.get("created", 1.0),
                "inputs": [{}] * 6,
            }
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.folder.state(state)

    def begin(self) -> FakeRun:
        """Let a process hold the run; it sleeps."""
        self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        ProcessRecord.of(self.process.pid).write(self.folder.pid_file)
        self.folder.state("running", step=0, steps=100)
        return self

    def metric(self, step: int, loss: float = 2.0, **values: float) -> None:
        self.folder.event(
            "metric", step=step, steps=100, stage="within", loss=loss, lr=1e-3,
            dense_discrimination=loss / 2, spread=0.7, images_per_second=9.1, seconds_left=240.0,
            memory_mb=1200, **values,
        )  # fmt: skip

    def preview(self, step: int, level: int = 100, clusters: bool = True, ndim: int = 2,
                restored: float | None = None) -> None:  # fmt: skip
        shape = (24, 20) if ndim == 2 else (6, 24, 20)
        grid = Grid.create(shape, [2.0] * ndim, [5.0, 7.0, 9.0][:ndim])
        cells = grid.with_shape([max(1, s // 2) for s in shape])
        self.folder.previews.mkdir(exist_ok=True)
        arrays = {
            "image": np.full(shape, 0.5, np.float16),
            "embedding": np.full((*cells.shape, 3), level, np.uint8),
        }
        if clusters:
            arrays["clusters"] = np.full(cells.shape, step % 5, np.uint8)
        more = {}
        if restored is not None:
            view = Grid.create((8, 10, 6)[-ndim:], [3.0] * ndim, [8.0, 13.0, 11.0][:ndim])
            more["view_grid"] = view.to_dict()
            for name, value in {"input": 0.2, "restored": restored, "target": 0.8}.items():
                arrays[name] = np.full(view.shape, value, np.float16)
        for name, array in arrays.items():
            np.save(self.folder.previews / f"{name}.npy", array)
        record = {
            "case": "film_01.png", "step": step, "grid": grid.to_dict(),
            "cells_grid": cells.to_dict(), "files": [f"{name}.npy" for name in arrays],
            **more,
        }  # fmt: skip
        (self.folder.previews / "preview.json").write_text(json.dumps(record))
        self.folder.event("preview", step=step, files=record["files"])

    def end(self, state: str = "stopped") -> None:
        """Leave as a job does."""
        self.folder.state(state, step=50)
        self.kill()
        self.folder.pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def open_dock(viewer: Any, engine: Any = None) -> PretrainingWidget:
    dock = PretrainingWidget(viewer, engine=engine)
    viewer.window.add_dock_widget(dock, name="Pretraining", area="right")
    gui.until(dock.isVisible)
    gui.until(lambda: not dock.threads.work.busy and not dock.threads.images.busy)
    gui.settle()
    return dock


def state_of(dock: PretrainingWidget) -> str | None:
    snapshot = dock.training.snapshot
    return None if snapshot is None else snapshot.status.state


def click(widget: QWidget) -> None:
    """Click a part that can be seen and is enabled."""
    assert widget.isVisible()
    assert widget.isEnabled()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
    gui.settle()
