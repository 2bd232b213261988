"""Ten thousand cases in the Cohort dock: opening, sorting, filtering, and scrolling the gallery.

Run ``xvfb-run -a -s "-screen 0 1440x900x24" python benchmarks/gallery.py`` (or without
``xvfb-run`` where there is a screen). A cohort of 10,000 cases, each with a prediction of three
landmarks and a label, one in four reviewed, is opened in a real window. The cases share 200
pictures of 256² on the disk; each case has its own thumbnail, made (``first pass``) or read from
the cache (``second pass``) in the background while the gallery scrolls.

A frame is one step of the scroll bar and the paint that follows, in the window's thread. ``wall``
counts other work on the machine too; ``busy`` is the time that the window's thread itself worked
(``time.thread_time``). With software OpenGL the canvas is not painted again by scrolling.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

PICTURES = 200


def write_pictures(folder: Path) -> list[Path]:
    """Write the pictures that the cases share."""
    from PIL import Image

    folder.mkdir()
    noise = np.random.default_rng(0)
    y, x = np.mgrid[:256, :256] / 256
    paths = []
    for number in range(PICTURES):
        wave = np.sin(9 * x + number) + np.cos(7 * y - number) + noise.random((256, 256))
        path = folder / f"{number:03d}.png"
        Image.fromarray((wave * 40 + 100).astype(np.uint8)).save(path)
        paths.append(path)
    return paths


def fill(folder: Path, pictures: list[Path], cases: int) -> Path:
    """Make a cohort in the middle of its review."""
    from medssl.cohort import Cohort, NewCase, NewLabel, NewPoint
    from medssl.geometry import Grid

    chance, grid = random.Random(0), Grid.create((256, 256), (0.5, 0.5))
    keys = [f"films/{n:05d}.png" for n in range(cases)]
    names = ("carina", "left apex", "right apex")
    with Cohort.create(folder) as cohort:
        cohort.add_cases(
            [
                NewCase(key, pictures[n % len(pictures)], f"{n:032x}", grid, "DX")
                for n, key in enumerate(keys)
            ]
        )
        for name in names:
            cohort.add_landmark(name)
        for predicted, some in ((True, keys), (False, keys[::4])):
            cohort.set_points(
                [
                    NewPoint(
                        key, name, (chance.uniform(20, 230), chance.uniform(20, 230)), None,
                        "predicted" if predicted else "corrected",
                        chance.random() if predicted else None,
                    )
                    for key in some
                    for name in names
                ]
            )  # fmt: skip
        cohort.set_labels([NewLabel(key, "finding", chance.choice("abcde")) for key in keys])
        return cohort.path


def until(holds: Callable[[], object]) -> None:
    """Let the window work until something holds."""
    from qtpy.QtWidgets import QApplication

    while not holds():
        QApplication.processEvents()
        time.sleep(0.001)


class Clock:
    """Wall and busy time of the window's thread since it was made, in seconds."""

    def __init__(self) -> None:
        self._wall, self._busy = time.perf_counter(), time.thread_time()

    def read(self) -> tuple[float, float]:
        """Give both."""
        return time.perf_counter() - self._wall, time.thread_time() - self._busy


def in_words(times: list[tuple[float, float]]) -> dict[str, float]:
    """Give the median, the 99th percentile and the longest of some times, in ms."""
    found: dict[str, float] = {"n": len(times)}
    for column, what in enumerate(("wall", "busy")):
        values = np.array([one[column] for one in times]) * 1000
        for name, share in (("p50", 50), ("p99", 99), ("max", 100)):
            found[f"{what}_{name}_ms"] = round(float(np.percentile(values, share)), 1)
    return found


def scroll(view: Any, frames: int) -> dict[str, float]:
    """Scroll from the top to the bottom in equal steps; give the time of each frame."""
    from qtpy.QtWidgets import QApplication

    bar = view.verticalScrollBar()
    bar.setValue(0)
    times = []
    for frame in range(1, frames + 1):
        clock = Clock()
        bar.setValue(round(bar.maximum() * frame / frames))
        view.viewport().repaint()
        QApplication.processEvents()
        times.append(clock.read())
        time.sleep(0.004)
    return in_words(times)


def arrangements(dock: Any) -> dict[str, float]:
    """Sort and filter with the dock's own fields; give the time until it is painted."""
    from qtpy.QtWidgets import QApplication

    bar, times = dock.filters, []

    def change(act: Callable[[], object]) -> None:
        clock = Clock()
        act()
        dock.views.currentWidget().viewport().repaint()
        QApplication.processEvents()
        times.append(clock.read())

    for _ in range(4):
        for index in range(bar.sort.count()):
            change(partial(bar.sort.setCurrentIndex, index))
        for text in ("0", "01", "012", "dx 012", ""):
            change(partial(bar.text.setText, text))
        for index in (1, 2, 3, 0):
            change(partial(bar.state.setCurrentIndex, index))
    return in_words(times)


def measure(cases: int, frames: int) -> dict[str, Any]:
    """Open the dock on a cohort; open it again, arrange, scroll twice."""
    import napari

    from napari_medssl.widgets.cohort.dock import CohortWidget

    folder = fill(Path.cwd() / "many", write_pictures(Path.cwd() / "pictures"), cases)
    viewer = napari.Viewer()
    viewer.window.resize(1440, 900)
    dock = CohortWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Cohort", area="right")
    browser = dock.browser
    result: dict[str, Any] = {"cases": cases, "pictures": PICTURES}
    until(dock.isVisible)
    opening = []
    for _ in range(5):
        browser.contents, browser.where = None, None
        cpu, clock = time.process_time(), Clock()
        dock.open_cohort(folder)
        until(lambda: len(browser.cases) == cases)
        dock.views.gallery.viewport().repaint()
        opening.append((clock.read()[0], time.process_time() - cpu))
        until(lambda: not dock.threads.disk.busy)
    result["opening_s"] = {
        "wall": [round(wall, 3) for wall, _ in opening],
        "processor": [round(cpu, 3) for _, cpu in opening],
    }
    browser.arrange(replace(browser.arrangement, by="added"))
    result["scroll, first pass"] = scroll(dock.views.gallery, frames)
    until(lambda: not dock.threads.pictures.busy)
    result["scroll, second pass"] = scroll(dock.views.gallery, frames)
    until(lambda: not dock.threads.pictures.busy)
    result["sort and filter, gallery"] = arrangements(dock)
    dock.views.show_table(True)
    result["sort and filter, table"] = arrangements(dock)
    result["scroll, table"] = scroll(dock.views.table, frames)
    dock.close_task()
    viewer.close()
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as own:
        for variable in ("MEDSSL_DATA", "MEDSSL_CACHE"):
            os.environ[variable] = str(Path(own) / variable)
        os.environ["NAPARI_CONFIG"] = str(Path(own) / "settings.yaml")
        os.chdir(own)
        result = measure(chosen.cases, chosen.frames)
        os.chdir(home)
    if hasattr(os, "getloadavg"):
        result["load"] = round(os.getloadavg()[0], 1)
    text = json.dumps(result, indent=2)
    if chosen.json:
        chosen.json.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
