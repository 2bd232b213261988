"""Make the pictures of the Segmentation dock: the walk, with a real mouse.

    xvfb-run -a -s "-screen 0 1440x900x24" python docs/segmentation_screenshots.py [FOLDER]

Needs a display and ``xdotool``. Everything shown is a phantom. The pictures land in
``docs/images``, or in the folder given.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cohort_screenshots import open_dock, raise_tab
from screenshots import HERE, SIZE, Person

LEVEL = 24
IMAGES = 16
INSIDE = 0.5
STEPS = 60


def lung_points(dock: Any) -> list[tuple[float, float]]:
    """World points, one deep inside of each structure that lies in the lungs."""
    from scipy import ndimage

    from medssl.phantom import make_chest
    from medssl.prepare.maps import to_working

    state, layer = dock.state, dock.canvas.structures.layer
    number = int(Path(state.key).stem.split("_")[1]) - 1
    masks = make_chest(number).masks
    lungs = np.any([mask for name, mask in masks.items() if "lung" in name], axis=0)
    inside = to_working(lungs[None], state.grid, state.map[1])[0] > INSIDE
    points = []
    for value in np.unique(layer.data):
        there = layer.data == value
        if inside[there].mean() > INSIDE:
            deep = ndimage.distance_transform_edt(there & inside)
            y, x = layer.data_to_world(np.unravel_index(deep.argmax(), deep.shape))
            points.append((float(y), float(x)))
    return points


def idle(person: Person, dock: Any) -> None:
    """Wait until nothing runs."""
    person.rest(0.3)
    person.wait(lambda: not dock.threads.busy, 240)


def shorten_jobs() -> None:
    """Let jobs take fewer steps than a person would: the pictures show the dock."""
    from medssl.transfer import FinetuneSettings

    few = FinetuneSettings.few_labels
    FinetuneSettings.few_labels = lambda *args, **values: few(*args, **values).model_copy(
        update={"steps": STEPS}
    )


def follow(person: Person, dock: Any, path: Path) -> None:
    """Keep a picture of a job once it can tell how long it learns, and wait for its end."""

    def tells() -> bool:
        words = dock.foot.status.text()
        return " left" in words and "Preparing" not in words

    person.wait(tells, 600)
    dock._viewer.screenshot(str(path), canvas_only=False, flash=False)  # noqa: SLF001
    person.wait(lambda: not dock.state.learning, 1200)
    idle(person, dock)


def learn(person: Person, dock: Any, folder: Path) -> None:
    """Teach a net what was painted, and keep pictures of it running and done."""
    person.click(dock.correct.job)
    follow(person, dock, folder / "segmentation-learning.png")
    person.keep(folder / "segmentation-learned.png")


def export(person: Person, dock: Any, folder: Path) -> None:
    """Write all masks, as the menu does once a person has chosen the folder."""
    from napari_medssl.cohorts.exporting import MASK_KINDS

    out = Path("masks of the lungs")
    out.mkdir()
    dock.state.export(next(kind for kind in MASK_KINDS if kind.kind == "nifti"), out)
    idle(person, dock)
    person.keep(folder / "segmentation-exported.png")


def show_shape(person: Person, dock: Any, folder: Path) -> None:
    """Open the group for masks of others, with an organ that nobody has picked."""
    person.click(dock.correct.button)
    person.click(dock.shape.button)
    person.click(dock.organs.more)
    person.click(dock.organs.line)
    person.press("ctrl+a")
    person.type("heart")
    person.keep(folder / "segmentation-shape.png")


def main(folder: Path) -> None:
    """Walk through the Segmentation dock and keep a picture of each state."""
    import napari

    shorten_jobs()
    viewer = napari.Viewer()
    viewer.window.resize(*SIZE)
    dock = open_dock(viewer, "Segmentation")
    state, person = dock.state, Person(viewer)
    person.rest()
    person.window.move(0, 0)
    person.focus()
    person.keep(folder / "segmentation-empty.png")

    person.click(dock.empty.sample)
    person.wait(lambda: len(state.cases) > 0 and not state.importing, 240)
    idle(person, dock)
    person.click(dock.actions_bar.primary)
    person.wait(lambda: dock.foot.bar.maximum() > 0, 240)
    person.keep(folder / "segmentation-finding.png")
    person.wait(lambda: state.map is not None, 240)
    idle(person, dock)
    dock.structures.slider.setValue(LEVEL)
    points = lung_points(dock)
    native, place = person.on_canvas(points[0])
    person.point_at(native, place)
    person.keep(folder / "segmentation-structures.png")

    person.click(dock.organs.line)
    person.press("ctrl+a")
    person.type("lungs")
    for point in points:
        person.click(*person.on_canvas(point))
        idle(person, dock)
    person.keep(folder / "segmentation-picked.png")

    person.click(dock.actions_bar.primary)
    person.wait(lambda: state.segmenting and dock.foot.bar.value() > IMAGES // 3, 240)
    viewer.screenshot(str(folder / "segmentation-running.png"), canvas_only=False, flash=False)
    person.wait(lambda: not state.segmenting, 240)
    idle(person, dock)
    person.keep(folder / "segmentation-done.png")

    person.press("shift+k")
    idle(person, dock)
    person.click(dock.correct.button)
    person.click(dock.correct.paint)
    person.rest(0.5)
    height, width = (n * s for n, s in zip(state.grid.shape, state.grid.spacing, strict=True))
    person.drag((0.4 * height, 0.36 * width), (0.6 * height, 0.36 * width))
    idle(person, dock)
    person.keep(folder / "segmentation-correcting.png")
    person.click(dock.correct.pick)
    person.click(dock.actions_bar.primary)
    person.wait(lambda: state.segmenting, 240)
    person.wait(lambda: not state.segmenting, 240)
    idle(person, dock)
    cohort = open_dock(viewer, "Cohort")
    person.wait(lambda: len(cohort.browser.cases) > 0, 240)
    person.rest(2.0)
    person.wait(lambda: not cohort.threads.busy, 240)
    person.keep(folder / "segmentation-gallery.png")
    raise_tab(dock)
    learn(person, dock, folder)
    export(person, dock, folder)
    show_shape(person, dock, folder)
    Path("new study").mkdir()
    dock.open_folder(Path("new study"))
    person.rest(1.0)
    person.keep(folder / "segmentation-error.png")
    cohort.close_task()
    dock.close_task()
    viewer.close()


if __name__ == "__main__":
    if not os.environ.get("DISPLAY"):
        sys.exit('no display: xvfb-run -a -s "-screen 0 1440x900x24" python ' + sys.argv[0])
    with tempfile.TemporaryDirectory() as own:
        for variable in ("MEDSSL_DATA", "MEDSSL_CACHE", "MEDSSL_RUNS"):
            os.environ[variable] = str(Path(own) / variable)
        os.environ["NAPARI_CONFIG"] = str(Path(own) / "settings.yaml")
        target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE / "images"
        target.mkdir(parents=True, exist_ok=True)
        os.chdir(own)
        main(target)
        os.chdir(HERE)
