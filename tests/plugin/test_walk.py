"""A new user's path on real chest films, as the docs describe it, with a training of few steps."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
FILMS = 8


@pytest.fixture(scope="module")
def benchmark_walk() -> Any:
    spec = importlib.util.spec_from_file_location("walk", ROOT / "benchmarks" / "walk.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_open_learn_use_click_find(
    qapp: Any, benchmark_walk: Any, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("MEDSSL_CACHE", "MEDSSL_RUNS"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("NAPARI_CONFIG", str(tmp_path / "settings.yaml"))
    folder = data_dir / "cxr_covid_seg"
    truth = benchmark_walk.read_truth(folder / "landmarks.csv")
    whole = [name for name, points in truth.items() if len(points) == 8][:FILMS]
    films = [folder / "images" / name for name in whole]
    settings = {"steps": 3, "batch": 4, "compile": "off"}
    result = benchmark_walk.walk(films, truth, whole[0], settings)
    assert (Path(result["run"]) / "model" / "model.safetensors").is_file()
    assert result["n"] == 8 * (FILMS - 1)
    trained, instant = np.mean(result["trained"]), np.mean(result["instant"])
    assert instant < 20
    assert trained < 1.1 * instant
