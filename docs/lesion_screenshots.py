"""Make the pictures of the Lesion maps dock: label, learn, see where, compare.

    xvfb-run -a -s "-screen 0 1440x900x24" python docs/lesion_screenshots.py [FOLDER]

Needs a display and ``xdotool``. Everything shown is a phantom; in every second one lies a bright
disc. The pictures land in ``docs/images``, or in the folder given.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cohort_screenshots import open_dock
from screenshots import HERE, SIZE, Person

FILMS = 40
LABELLED = 32


def write_films(folder: Path) -> Path:
    """Write chest phantoms; in every second one lies a disc that is denser than the lung."""
    from medssl.io import write_image
    from medssl.phantom import make_chest

    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(FILMS):
        phantom = make_chest(number)
        image = phantom.image
        array = image.array.astype(np.float32)
        if number % 2:
            lungs = np.any([m for name, m in phantom.masks.items() if "lung" in name], axis=0)
            places = np.argwhere(lungs.reshape(array.shape))
            y0, x0 = places[rng.integers(len(places))]
            y, x = np.mgrid[: array.shape[0], : array.shape[1]]
            away = ((y - y0) ** 2 + (x - x0) ** 2) / (array.shape[0] / 16) ** 2
            disc = 1 / (1 + away**4)
            array += 0.45 * float(array.max() - array.min()) * disc
        top = float(image.array.max())
        made = np.clip(array, 0, top).astype(image.array.dtype)
        write_image(replace(image, array=made), folder / f"film_{number + 1:02d}.nrrd")
    return folder


def main(folder: Path) -> None:
    """Walk through the Lesion maps dock and keep a picture of each state."""
    import napari

    viewer = napari.Viewer()
    viewer.window.resize(*SIZE)
    dock = open_dock(viewer, "Lesion maps")
    lesions, person = dock.lesions, Person(viewer)
    person.rest()
    person.window.move(0, 0)
    person.focus()
    person.keep(folder / "lesions-empty.png")

    dock.open_cohort(write_films(Path("films")))
    person.wait(lambda: len(lesions.cases) == FILMS and not lesions.importing, 300)
    person.wait(lambda: lesions.image is not None, 60)
    for number in range(LABELLED):
        lesions.go_to(lesions.cases[number].key)
        person.wait(lambda: lesions.image is not None and not dock.threads.disk.busy, 60)
        person.press("2" if number % 2 else "1")
        person.wait(lambda: lesions.label is not None, 60)
        if number == 2:
            person.keep(folder / "lesions-labelling.png")
    dock.options.longer.setChecked(True)
    person.press("w")
    person.wait(lambda: dock.foot.bar.maximum() > 0, 300)
    person.rest(8.0)
    person.keep(folder / "lesions-running.png")
    person.wait(lambda: not lesions.fitting, 1800)
    person.wait(lambda: lesions.found is not None and not dock.threads.busy, 120)
    lesions.go_to(lesions.cases[FILMS - 1].key)
    person.wait(lambda: lesions.found is not None and not dock.threads.busy, 120)
    person.keep(folder / "lesions-done.png")
    person.press("h")
    person.wait(lambda: lesions.compared is not None and not dock.threads.busy, 120)
    person.keep(folder / "lesions-compare.png")
    person.press("h")
    lesions.set_base("no such model")
    person.press("w")
    person.wait(lambda: dock.foot.status.property("kind") == "error", 120)
    person.keep(folder / "lesions-error.png")
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
