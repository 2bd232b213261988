"""What all docks do alike: each fills its place, however many were opened before it."""

from __future__ import annotations

from typing import Any

import gui
import pytest

from napari_medssl.widgets.cohort.dock import CohortWidget
from napari_medssl.widgets.landmarks import LandmarksWidget
from napari_medssl.widgets.lesions.dock import LesionsWidget
from napari_medssl.widgets.pretraining.dock import PretrainingWidget
from napari_medssl.widgets.reading.dock import ReadingWidget
from napari_medssl.widgets.segmentation.dock import SegmentationWidget

pytestmark = pytest.mark.gui
DOCKS = (
    SegmentationWidget, CohortWidget, LandmarksWidget, LesionsWidget, ReadingWidget,
    PretrainingWidget,
)  # fmt: skip


def test_a_dock_that_is_opened_later_leaves_no_room_below(viewer: Any) -> None:
    made = []
    for kind in DOCKS:
        dock = kind(viewer)
        made.append(dock)
        viewer.window.add_dock_widget(dock, name=kind.__name__, area="right")
        gui.until(dock.isVisible)
        gui.settle()
    for dock in made:
        dock.parentWidget().raise_()
        gui.until(dock.isVisible)
        gui.settle()
        below = dock.height() - dock.foot.geometry().bottom()
        assert below <= dock.layout().contentsMargins().bottom() + 1, type(dock)
        assert dock.minimumWidth() == 320
    for dock in made:
        dock.close_task()
        dock.close_task()
