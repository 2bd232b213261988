"""Smoothness of the window while a person clicks and steps: how late a 10 ms timer comes.

Run ``xvfb-run -a -s "-screen 0 1440x900x24" python benchmarks/window.py`` (or without ``xvfb-run``
where there is a screen). The Landmarks dock works on chest phantoms with the real engine
(``instant``); once it is ready, a timer of 10 ms runs on the window's thread in three phases:
idle, clicks (each is found in all images) and steps from image to image. Drawing is part of what
is measured: with software OpenGL most of it.

``thread_ms`` is the longest time that one call of ours (a delivered result, a refreshed list of
points, a placed point, a step) kept the window's thread busy; other work on the machine does not
count in it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

INTERVAL_S = 0.010


class Lateness:
    """A 10 ms timer on the window's thread that notes how late it comes."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self._late: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(INTERVAL_S * 1000))
        self._timer.timeout.connect(self._note)

    def start(self) -> None:
        """Begin a phase."""
        self._late, self._last = [], time.perf_counter()
        self._timer.start()

    def stop(self) -> dict[str, float]:
        """End the phase; lateness in milliseconds."""
        self._timer.stop()
        late = np.array(self._late) * 1000
        p50, p99 = np.percentile(late, (50, 99))
        return {
            "p50_ms": round(float(p50), 1),
            "p99_ms": round(float(p99), 1),
            "max_ms": round(float(late.max()), 1),
            "n": len(late),
        }

    def _note(self) -> None:
        now = time.perf_counter()
        self._late.append(max(0.0, now - self._last - INTERVAL_S))
        self._last = now


def longest_calls() -> dict[str, float]:
    """Note the longest busy time of each of our calls on the window's thread, from now on."""
    from napari_medssl.session import Session
    from napari_medssl.widgets.canvas import LandmarkCanvas
    from napari_medssl.widgets.review import ReviewList

    spent: dict[str, float] = {}

    def timed(owner: type, name: str) -> None:
        plain = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            start = time.thread_time()
            try:
                return plain(*args, **kwargs)
            finally:
                key = f"{owner.__name__}.{name}"
                spent[key] = max(spent.get(key, 0.0), time.thread_time() - start)

        setattr(owner, name, call)

    for owner, names in {
        LandmarkCanvas: ("show_image", "show_points", "show_similarity"),
        ReviewList: ("show_review",),
        Session: ("place", "step", "next_to_check"),
    }.items():
        for name in names:
            timed(owner, name)
    return spent


def until(holds: Callable[[], object]) -> None:
    """Let the window work until something holds."""
    from qtpy.QtWidgets import QApplication

    while not holds():
        QApplication.processEvents()
        time.sleep(0.001)


def measure(images: int, clicks: int) -> dict[str, Any]:
    """Open the dock, click, step; give the lateness of each phase."""
    import napari

    from medssl.phantom import make_chest, write_cohort
    from napari_medssl.widgets.landmarks import LandmarksWidget

    spent = longest_calls()
    viewer = napari.Viewer()
    viewer.window.resize(1440, 900)
    dock = LandmarksWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Landmarks", area="right")
    session, threads = dock.session, dock.threads
    where = write_cohort(Path("phantoms"), images, ndim=2, size=512)
    dock.open_folder(where.images)
    until(lambda: session.ready is not None and session.image is not None and not threads.busy)
    late, result = Lateness(), {}
    late.start()
    end = time.perf_counter() + 5
    until(lambda: time.perf_counter() > end)
    result["idle"] = late.stop()

    names = list(make_chest(0).landmarks)[:clicks]
    spent.clear()
    late.start()
    for number, name in enumerate(names):
        session.add_landmark(name)
        shape = session.image.grid.shape if session.image is not None else (1, 1)
        session.place([n * (0.35 + 0.05 * number) for n in shape])
        until(lambda: len(session.points_of(name)) == images and not threads.busy)  # noqa: B023
    result["clicks"] = late.stop()
    late.start()
    for _ in range(min(images, 20)):
        session.step(1)
        until(lambda: session.image is not None and not threads.busy)
    result["steps"] = late.stop()
    result["thread_ms"] = {k: round(v * 1000, 1) for k, v in sorted(spent.items())}
    dock.close_task()
    viewer.close()
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--clicks", type=int, default=4)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as own:
        for variable in ("MEDSSL_DATA", "MEDSSL_CACHE"):
            os.environ[variable] = own
        os.environ["NAPARI_CONFIG"] = str(Path(own) / "settings.yaml")
        os.chdir(own)
        result = measure(chosen.images, chosen.clicks)
        os.chdir(home)
    text = json.dumps(result, indent=2)
    if chosen.json:
        chosen.json.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
