"""Make the pictures of the Pretraining dock: a real run, driven with a real mouse.

    xvfb-run -a -s "-screen 0 1440x900x24" python docs/pretraining_screenshots.py [FOLDER]

Needs a display and ``xdotool``; takes some minutes. Everything shown is a phantom. The pictures
land in ``docs/images``, or in the folder given.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from screenshots import HERE, SIZE, Person


def open_dock(viewer: Any) -> Any:
    """Open the dock as the menu does."""
    return viewer.window.add_plugin_dock_widget("napari-medssl", "Pretraining")[1]


def new_window() -> tuple[Any, Any, Person]:
    """Open napari with the dock."""
    import napari

    viewer = napari.Viewer()
    viewer.window.resize(*SIZE)
    dock = open_dock(viewer)
    person = Person(viewer)
    person.rest()
    person.window.move(0, 0)
    person.focus()
    return viewer, dock, person


def choose(dock: Any, name: str, value: str) -> None:
    """Choose an entry of a list in the expert section."""
    box = dock.setup.form.editor(name)
    box.setCurrentText(value)
    box.activated.emit(box.currentIndex())


def state(dock: Any) -> str:
    """State of the run that the dock follows."""
    snapshot = dock.training.snapshot
    return "" if snapshot is None else snapshot.status.state


def main(folder: Path, steps: int, minutes: float) -> None:
    """Start a run, watch it, stop it, close napari, find it again."""
    viewer, dock, person = new_window()
    training = dock.training
    person.wait(lambda: bool(training.schemas[0]))
    person.keep(folder / "pretraining-empty.png")

    person.click(dock.empty.sample)
    person.wait(lambda: training.images is not None)
    person.wait(lambda: training.outlook is not None, 180)
    person.keep(folder / "pretraining-ready.png")
    person.click(dock.setup.methods.button(1))
    person.click(dock.setup.advanced.button)
    person.wait(lambda: training.outlook is not None, 180)
    person.keep(folder / "pretraining-variant.png")
    person.click(dock.setup.methods.button(0))
    dock.setup.form.editor("clusters").setValue(8)
    person.keep(folder / "pretraining-advanced.png")
    dock.setup.form.editor("steps").setValue(steps)
    dock.setup.form.editor("batch").setValue(2)
    choose(dock, "compile", "off")
    dock.setup.preview_form.editor("every_seconds").setValue(2)
    person.click(dock.setup.advanced.button)
    person.click(dock.primary)
    person.wait(lambda: state(dock) == "running", 180)
    person.wait(lambda: "embedding" in dock.previews.layers, 180)
    person.wait(lambda: training.snapshot.status.step >= steps * 0.7, minutes * 60)
    person.click(dock.run_page.log.button)
    person.keep(folder / "pretraining-running.png")

    person.click(dock.run_page.stop)
    person.wait(lambda: state(dock) == "stopped", 180)
    person.keep(folder / "pretraining-stopped.png")
    person.click(dock.primary)
    person.wait(lambda: state(dock) == "running", 180)
    viewer.close()

    viewer, dock, person = new_window()
    person.wait(lambda: "embedding" in dock.previews.layers, 180)
    person.click(dock.runs.button)
    person.keep(folder / "pretraining-reattached.png")
    person.wait(lambda: state(dock) == "done", minutes * 60)
    person.keep(folder / "pretraining-done.png")
    dock.close_task()
    viewer.close()


if __name__ == "__main__":
    if not os.environ.get("DISPLAY"):
        sys.exit('no display: xvfb-run -a -s "-screen 0 1440x900x24" python ' + sys.argv[0])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE / "images")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--minutes", type=float, default=20.0)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    target = chosen.folder.resolve()
    with tempfile.TemporaryDirectory() as own:
        for variable in ("MEDSSL_DATA", "MEDSSL_CACHE", "MEDSSL_RUNS"):
            os.environ[variable] = str(Path(own) / variable)
        os.environ["NAPARI_CONFIG"] = str(Path(own) / "settings.yaml")
        os.chdir(own)
        main(target, chosen.steps, chosen.minutes)
        os.chdir(HERE)
