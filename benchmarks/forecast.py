"""How near the forecast of a pretraining is: memory and time of a step, told and measured.

    python benchmarks/forecast.py [--only NAME ...] [--steps N] [--json OUT]

For each case phantoms are made, the forecast is asked for as a new user would get it (no earlier
runs), and the same request is run as a job in a process of its own. What the job measures after
its first steps is put beside it: the most memory that it took, and the median time of a step in
the stages that it got to. On a machine with other work the times are the work's; the memory is not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CASES: dict[str, dict[str, Any]] = {
    "quick 2-D, compiled": {"preset": "quick", "compile": "on"},
    "quick 2-D": {"preset": "quick", "compile": "off"},
    "quick 3-D, compiled": {"preset": "quick", "ndim": 3, "compile": "on"},
    "quick 3-D": {"preset": "quick", "ndim": 3, "compile": "off"},
    "paper 2-D, compiled": {"preset": "paper", "compile": "on"},
    "paper 2-D": {"preset": "paper", "compile": "off"},
}
IMAGES = 16


def measure(name: str, folder: Path, steps: int, device: str) -> dict[str, Any]:
    """Forecast and run one case."""
    import torch

    from medssl.io import list_images
    from medssl.jobs import PretrainRequest, create_job
    from medssl.jobs.forecast import forecast
    from medssl.jobs.forecast_shapes import cubic_shape
    from medssl.phantom import write_cohort
    from medssl.pretrain import make_settings
    from medssl.runs import RunFolder

    values = CASES[name] | {"steps": steps, "device": device}
    ndim = values.get("ndim", 2)
    size = {2: 600 if values["preset"] == "paper" else 300, 3: 96}[ndim]
    written = write_cohort(folder / "images", IMAGES, ndim=ndim, size=size)
    settings = make_settings(**values)
    shapes = [cubic_shape(s.read().grid) for s in list_images(written.images).sources]
    begun = time.perf_counter()
    told = forecast(settings, shapes, threads=torch.get_num_threads())
    forecast_seconds = time.perf_counter() - begun
    request = PretrainRequest(images=(str(written.images),), settings=settings)
    run = create_job(request, folder=folder / "run")
    subprocess.run([sys.executable, "-m", "medssl", "run", str(run)], check=True)
    events = [e for e in RunFolder(run).events() if e["kind"] == "forecast"]
    measured = [e for e in events if e["basis"] == "measured now"]
    return {
        "forecast_seconds": round(forecast_seconds, 2),
        "memory_mb": {"told": told.memory_mb, "measured": measured[-1]["memory_mb"]},
        "step_seconds": {
            "told": round(told.counted["step_seconds"], 2),
            "measured": [round(e["step_seconds"], 2) for e in measured],
        },
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result: dict[str, Any] = {}
    for name in arguments.only:
        with tempfile.TemporaryDirectory() as own:
            for variable in ("MEDSSL_RUNS", "MEDSSL_CACHE"):
                os.environ[variable] = str(Path(own) / variable)
            result[name] = measure(name, Path(own), arguments.steps, arguments.device)
        print(name, json.dumps(result[name]), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
