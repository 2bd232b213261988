"""napari starts at its own speed: importing the plugin brings in nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "SimpleITK", "pyqtgraph", "monai", "skimage")


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_importing_the_package_is_quick_and_light() -> None:
    code = (
        "import sys, time; s = time.process_time(); import napari_medssl;"
        f"print(time.process_time() - s); print([m for m in {HEAVY} if m in sys.modules])"
    )
    seconds, heavy = run(code).splitlines()
    assert float(seconds) < 0.15
    assert heavy == "[]"


@pytest.mark.parametrize(
    "module",
    [
        "readers",
        "writers",
        "shortcuts",
        "session",
        "engine",
        "layers",
        "points",
        "shared",
        "training",
    ],
)
def test_no_part_of_the_start_imports_anything_heavy(module: str) -> None:
    code = f"import sys, napari_medssl.{module};print([m for m in {HEAVY} if m in sys.modules])"
    assert run(code) == "[]"


def test_napari_finds_what_is_installed() -> None:
    code = (
        "from npe2 import PluginManager; manager = PluginManager(); manager.discover();"
        "print(manager.get_manifest('napari-medssl').contributions.widgets[0].display_name)"
    )
    assert run(code) == "Landmarks"


def test_the_pretraining_dock_leaves_heavy_things_to_its_threads() -> None:
    heavy = ("torch", "SimpleITK", "pyqtgraph")
    code = (
        "import sys, napari_medssl.widgets.pretraining.dock;"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    assert run(code) == "[]"
