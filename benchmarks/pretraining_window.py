"""Smoothness of the window while a run learns, and what the window takes of the run's speed.

Run ``xvfb-run -a -s "-screen 0 1440x900x24" python benchmarks/pretraining_window.py`` (or without
``xvfb-run`` where there is a screen) on a machine that does nothing else. A real run on chest
phantoms is started from the Pretraining dock. Its rate is taken alone (the dock closed and napari
idle), then with the dock open, curves and preview drawn, and a 10 ms timer on the window's thread:
once with the person watching, once with the slices of a volume scrolling. Drawing is part of what
is measured: with software OpenGL most of it.

``lateness`` is in milliseconds; ``rate`` in images a second; ``share`` is the rate with the window
over that without; ``closing`` is how long the window takes to close while the run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.window import Lateness, until

SCROLL_EVERY_S = 0.1


def wait(seconds: float) -> None:
    """Let the window work for a while."""
    end = time.perf_counter() + seconds
    until(lambda: time.perf_counter() > end)


def rate(run: Path, since: float) -> float:
    """Images a second that a run learned from since a moment, from its own clock."""
    from medssl.runs import read_events

    told = [e for e in read_events(run) if e["kind"] == "metric" and "loss" in e]
    told = [e for e in told if e["t"] >= since]
    if len(told) < 2:
        return float("nan")
    first, last = told[0], told[-1]
    return float((last["step"] - first["step"]) / (last["t"] - first["t"]))


def scroll(viewer: Any, seconds: float) -> None:
    """Scroll through the slices of a volume, as with the wheel."""
    end = time.perf_counter() + seconds
    number = 0
    while time.perf_counter() < end:
        number += 1
        viewer.dims.set_current_step(0, number % 64)
        wait(SCROLL_EVERY_S)


def measure(seconds: float, steps: int, batch: int) -> dict[str, Any]:
    """Start a run and measure each phase for some seconds."""
    import napari
    import numpy as np

    from medssl.phantom import write_cohort
    from medssl.runs import kill_job, read_status

    viewer = napari.Viewer()
    viewer.window.resize(1440, 900)
    viewer.add_image(np.random.default_rng(0).random((64, 256, 256), np.float32), name="volume")
    dock = viewer.window.add_plugin_dock_widget("napari-medssl", "Pretraining")[1]
    training = dock.training
    until(lambda: bool(training.schemas[0]))
    dock.open_folder(write_cohort(Path("phantoms"), 8, ndim=2, size=256).images)
    until(lambda: training.images is not None)
    training.choose(
        expert={"steps": steps, "batch": batch, "compile": "off"}, preview={"every_seconds": 5.0}
    )
    until(lambda: training.outlook is not None)
    late = Lateness()
    result: dict[str, dict[str, Any]] = {}
    wait(2)
    late.start()
    wait(seconds / 2)
    result["idle"] = {"lateness": late.stop()}
    training.start()
    until(lambda: training.snapshot is not None and training.snapshot.status.step > 3)
    run = training.run
    assert run is not None
    try:
        for name in ("watching", "scrolling"):
            since = time.time()
            late.start()
            scroll(viewer, seconds) if name == "scrolling" else wait(seconds)
            result[name] = {"lateness": late.stop(), "rate": rate(run, since) * batch}
        begun = time.perf_counter()
        viewer.close()
        result["closing"] = {"seconds": round(time.perf_counter() - begun, 2)}
        wait(1)
        since = time.time()
        time.sleep(seconds)
        result["alone"] = {"rate": rate(run, since) * batch}
        assert read_status(run).state == "running"
    finally:
        kill_job(run)
    for name in ("watching", "scrolling"):
        result[name]["share"] = round(result[name]["rate"] / result["alone"]["rate"], 3)
    for phase in result.values():
        if "rate" in phase:
            phase["rate"] = round(phase["rate"], 2)
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0, help="length of a phase")
    parser.add_argument("--steps", type=int, default=280, help="steps of the run; 300 or fewer")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as own:
        for variable in ("MEDSSL_DATA", "MEDSSL_CACHE", "MEDSSL_RUNS"):
            os.environ[variable] = str(Path(own) / variable)
        os.environ["NAPARI_CONFIG"] = str(Path(own) / "settings.yaml")
        os.chdir(own)
        result = measure(chosen.seconds, chosen.steps, chosen.batch)
        os.chdir(home)
    text = json.dumps(result, indent=2)
    if chosen.json:
        chosen.json.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
