"""Make the pictures of the Cohort dock: import a DICOM tree, click, review, with a real mouse.

    xvfb-run -a -s "-screen 0 1440x900x24" python docs/cohort_screenshots.py [FOLDER]

Needs a display, ``xdotool`` and ``pydicom``. Everything shown is a phantom. The pictures land in
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
from screenshots import HERE, SIZE, Person, on_screen

FILMS = 24


def write_tree(folder: Path) -> Path:
    """Write phantoms as the DICOM tree of a disc, with one file that is cut short."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import (
        DigitalXRayImageStorageForPresentation,
        ExplicitVRLittleEndian,
        generate_uid,
    )

    from medssl.phantom import make_chest

    for number in range(FILMS):
        image = make_chest(number).image
        pixels = np.clip(image.array, 0, 4095).astype("<u2")
        dataset, patient = Dataset(), number // 2 + 1
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        values = {
            "SOPClassUID": DigitalXRayImageStorageForPresentation,
            "SOPInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid(),
            "StudyInstanceUID": generate_uid(), "Modality": "DX", "PatientID": f"PH{patient:04d}",
            "PatientName": f"Phantom^{patient}", "InstanceNumber": 1, "Rows": pixels.shape[0],
            "Columns": pixels.shape[1], "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16, "BitsStored": 16,
            "HighBit": 15, "PixelRepresentation": 0, "PixelSpacing": list(image.grid.spacing),
            "BurnedInAnnotation": "NO",
        }  # fmt: skip
        for name, value in values.items():
            setattr(dataset, name, value)
        dataset.PixelData = pixels.tobytes()
        path = folder / f"visit_{number + 1:02d}" / "IM0001.dcm"
        path.parent.mkdir(parents=True)
        dataset.save_as(path, enforce_file_format=True)
    cut = folder / "visit_01" / "IM0002.dcm"
    cut.write_bytes(path.read_bytes()[:20000])
    return folder


def add_masks(folder: Path) -> None:
    """Let masks of the lungs stand in some of the cases, as another program may have left them."""
    from medssl.cohort import Cohort
    from medssl.io import Segmentation
    from medssl.phantom import make_chest

    with Cohort.open(folder) as cohort:
        for number, case in enumerate(cohort.cases()[:8]):
            masks = make_chest(number).masks
            lungs = [mask for name, mask in masks.items() if "lung" in name]
            labels = np.zeros(case.grid.shape, np.uint8)
            labels.reshape(lungs[0].shape)[np.any(lungs, axis=0)] = 1
            drawn = Segmentation.from_labels(labels, case.grid, {1: "lungs"})
            cohort.set_segmentation(case.key, "lungs", drawn, "manual")


def open_dock(viewer: Any, name: str) -> Any:
    """Open a dock as the menu does."""
    return viewer.window.add_plugin_dock_widget("napari-medssl", name)[1]


def raise_tab(dock: Any) -> None:
    """Bring the tab of a dock to the front."""
    dock.parentWidget().raise_()


def main(folder: Path) -> None:
    """Walk through the Cohort dock and keep a picture of each state."""
    import napari

    from medssl.phantom import make_chest

    viewer = napari.Viewer()
    viewer.window.resize(*SIZE)
    dock = open_dock(viewer, "Cohort")
    browser = dock.browser
    person = Person(viewer)
    person.rest()
    person.window.move(0, 0)
    person.focus()
    person.keep(folder / "cohort-empty.png")

    tree = write_tree(Path("disc of the ward"))
    dock.import_tree(tree)
    person.wait(lambda: browser.importing and dock.foot.bar.maximum() > 0)
    person.keep(folder / "cohort-importing.png")
    person.wait(lambda: not browser.importing and len(browser.cases) == FILMS, 120)
    person.wait(lambda: not dock.threads.busy)
    person.keep(folder / "cohort-imported.png")

    landmarks = open_dock(viewer, "Landmarks")
    session = landmarks.session
    person.wait(lambda: session.ready is not None and session.image is not None, 120)
    for name in ("carina", "aortic_knob"):
        person.click(landmarks.list.name)
        person.type(name.replace("_", " "))
        truth = make_chest(session.index).landmarks
        person.click(*person.on_canvas(on_screen(session, truth[name])))
        person.wait(lambda: len(session.points_of(session.landmark)) == FILMS, 120)
    person.wait(lambda: not landmarks.threads.busy)
    add_masks(browser.path)
    raise_tab(dock)
    browser.reload()
    person.wait(lambda: browser.counts()["predicted"] > 0)
    person.rest(2.0)
    person.wait(lambda: not dock.threads.busy)
    person.keep(folder / "cohort-gallery.png")
    for key in ("shift+n", "shift+g", "shift+g", "shift+x", "shift+s"):
        person.press(key)
        person.wait(lambda: not dock.threads.busy and not landmarks.threads.busy)
    person.rest(1.5)
    person.keep(folder / "cohort-review.png")
    person.press("shift+r")
    person.wait(lambda: browser.refining and dock.foot.bar.maximum() > 0, 120)
    person.rest(1.0)
    person.keep(folder / "cohort-refining.png")
    person.wait(lambda: not browser.refining, 240)
    person.wait(lambda: not dock.threads.busy and not landmarks.threads.busy)
    person.rest(1.0)
    person.keep(folder / "cohort-refined.png")
    person.click(dock.filters.table)
    person.click(dock.options.button)
    person.keep(folder / "cohort-table.png")
    person.click(dock.options.button)
    person.click(dock.filters.gallery)
    while browser.counts()["predicted"]:
        person.press("shift+n")
        person.wait(lambda: not dock.threads.busy and not landmarks.threads.busy)
        person.press("shift+g")
        person.wait(lambda: not dock.threads.busy and not landmarks.threads.busy)
        person.rest(0.4)
    person.press("shift+n")
    person.rest(1.0)
    person.keep(folder / "cohort-done.png")
    Path("new disc").mkdir()
    dock.import_tree(Path("new disc"))
    person.rest(1.0)
    person.keep(folder / "cohort-error.png")
    landmarks.close_task()
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
