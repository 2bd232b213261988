"""Fixtures that every test may use, and the promise that GUI tests never skip silently."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medssl.system_libraries import has_display, missing_libraries, remedy

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("QT_API", "pyqt6")

GUI_FIXTURES = {"qtbot", "qapp", "viewer", "make_napari_viewer"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what opens windows; stop with the reason where no window can be opened."""
    for item in items:
        if GUI_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.gui)
    if not any(item.get_closest_marker("gui") for item in items) or config.option.collectonly:
        return
    missing = missing_libraries()
    if missing:
        names = ", ".join(library.what for library in missing)
        raise pytest.UsageError(f"the GUI tests need {names}; {remedy(missing)}")
    if not has_display():
        raise pytest.UsageError("the GUI tests need a screen: run them without --no-xvfb")


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
    """Keep the tests out of the user's cache, runs and settings."""
    monkeypatch.setenv("MEDSSL_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("MEDSSL_RUNS", str(tmp_path_factory.mktemp("runs")))
    monkeypatch.setenv("NAPARI_CONFIG", str(tmp_path_factory.mktemp("napari") / "settings.yaml"))
