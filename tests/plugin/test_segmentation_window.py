"""The Segmentation dock: the walk in a real window, on small phantoms with the instant model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gui
import numpy as np
import pytest

from medssl.cohort import Cohort
from napari_medssl.widgets.segmentation.dock import SegmentationWidget
from tests.core.segment.discs import write_discs

IMAGES = 6


@pytest.fixture
def discs(tmp_path: Path) -> Path:
    return write_discs(tmp_path, IMAGES)[0]


@pytest.fixture
def dock(viewer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MEDSSL_CACHE", str(tmp_path / "cache"))
    made = SegmentationWidget(viewer)
    viewer.window.add_dock_widget(made, name="Segmentation", area="right")
    gui.until(made.isVisible)
    gui.settle()
    yield made
    made.close_task()


def idle(dock: Any) -> None:
    gui.until(lambda: not dock.threads.busy)
    gui.settle()


def masks_of(dock: Any, organ: str) -> dict[str, Any]:
    with Cohort.open(dock.state.path) as cohort:
        return {one.case_key: one for one in cohort.segmentations(name=organ)}


def test_the_walk(dock: Any, viewer: Any, discs: Path) -> None:
    state = dock.state
    dock.open_folder(discs)
    gui.until(lambda: len(state.cases) == IMAGES and state.image is not None)
    idle(dock)
    state.count = 12
    dock.actions_bar.primary.click()
    gui.until(lambda: state.map is not None)
    idle(dock)
    assert dock.canvas.structures.layer.visible
    state.set_level(6)
    assert set(np.unique(dock.canvas.structures.layer.data)) <= set(range(1, 7))
    gui.click(viewer, (48.0, 48.0))
    gui.until(lambda: "organ 1" in state.masks)
    organ = state.masks["organ 1"].mask
    assert organ[48, 48]
    assert 0.02 < organ.mean() < 0.4
    dock.actions_bar.primary.click()
    gui.until(lambda: len(state.stored) == IMAGES)
    idle(dock)
    stored = masks_of(dock, "organ 1")
    assert all(0 <= one.confidence <= 1 and one.source == "predicted" for one in stored.values())
