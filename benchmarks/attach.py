"""Seconds and memory that a viewer spends on attaching to a run of 100,000 events.

python benchmarks/attach.py
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from medssl.runs import Curve, EventReader, read_status

EVENTS = 100_000
LOSSES = ("loss", "dense_discrimination", "dense_matching", "cross_image_matching", "spread")


def main() -> None:
    """Write the events, attach, report."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        rest: dict[str, Any] = {
            "steps": EVENTS,
            "stage": "within",
            "lr": 1e-3,
            "images_per_second": 9.5,
        }
        rest |= {"seconds": 1234.5, "seconds_left": 99.0, "memory_mb": 1234}
        with path.open("w", encoding="utf-8") as file:
            for step in range(1, EVENTS + 1):
                values: dict[str, Any] = {name: round(1 / step, 5) for name in LOSSES}
                event = {"t": 1.0, "kind": "metric", "step": step, **values, **rest}
                file.write(json.dumps(event) + "\n")
        process = psutil.Process()
        before, begun = process.memory_info().rss, time.perf_counter()
        status = read_status(folder)
        told = time.perf_counter() - begun
        reader, curves = EventReader(folder), {name: Curve() for name in LOSSES}
        longest, count, since = 0.0, 0, time.perf_counter()
        while events := reader.read():
            for event in events:
                for name, curve in curves.items():
                    curve.add(event["step"], event[name])
            count += len(events)
            now = time.perf_counter()
            longest, since = max(longest, now - since), now
        seconds = time.perf_counter() - begun
        grown = (process.memory_info().rss - before) / 1e6
        size = path.stat().st_size / 1e6
    assert count == EVENTS
    assert status.step == EVENTS
    print(f"{EVENTS} events, {size:.1f} MB, {len(LOSSES)} curves")
    print(f"status {1000 * told:.1f} ms; all events {seconds:.2f} s, one read {longest:.3f} s")
    print(f"memory grew by {grown:.1f} MB; points kept {len(curves['loss'].steps)}")


if __name__ == "__main__":
    main()
