"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "2")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real images; the test is skipped where they are absent."""
    given = os.environ.get("MEDSSL_TEST_DATA")
    folder = Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (folder / "README.md").is_file():
        pytest.skip(f"real images are absent: no {folder} (set MEDSSL_TEST_DATA to their folder)")
    return folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests out of the user's cache and settings."""
    monkeypatch.setenv("MEDSSL_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("NAPARI_CONFIG", str(tmp_path_factory.mktemp("napari") / "settings.yaml"))
