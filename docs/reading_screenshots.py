"""Make the pictures of the reading room's page.

    xvfb-run -a -s "-screen 0 1440x900x24" python docs/reading_screenshots.py [FOLDER]

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

HERE = Path(__file__).resolve().parent
SIZE = (1440, 900)


def add_trunk(viewer: Any) -> dict[str, np.ndarray]:
    """Add a trunk with its organs and landmarks; give the landmarks' places in the window."""
    from medssl.phantom import make_volume
    from napari_medssl.layers import Display, image_to_layer

    phantom = make_volume(0, 160)
    data, attributes, _ = image_to_layer(phantom.image)
    display = Display.of(phantom.image.grid)
    viewer.add_image(data, **attributes)
    organs = np.zeros(phantom.image.grid.shape, np.uint8)
    for number, name in enumerate(("liver", "heart", "spleen", "left_kidney", "right_kidney")):
        organs[phantom.masks[name]] = number + 1
    viewer.add_labels(display.show(organs), name="organs", opacity=0.35, **display.attributes())
    shown = {name: display.to_shown(point) for name, point in phantom.landmarks.items()}
    viewer.add_points(
        np.array(list(shown.values())),
        name="Landmarks",
        features={"landmark": [name.replace("_", " ") for name in shown]},
        face_color="#E69F00",
        border_color="black",
        size=6,
        **display.attributes(),
    )
    return {name: display.translate + at * display.scale for name, at in shown.items()}


def write_slices(folder: Path) -> None:
    """Write a few slices of a trunk as DICOM, of a made-up patient."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    from medssl.phantom import make_volume

    image = make_volume(1, 128).image
    series = generate_uid()
    for number in range(40):
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
        made.PatientName, made.PatientID = "Phantom^Paula", "P-0001"
        made.InstitutionName, made.StudyDate = "Phantom Hospital", "20260301"
        made.Modality, made.SeriesInstanceUID, made.SeriesNumber = "CT", series, 3
        made.SeriesDescription, made.InstanceNumber, made.KVP = "Trunk 3 mm", number + 1, 120
        made.Rows, made.Columns = image.grid.shape[1:]
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.BitsAllocated, made.BitsStored, made.HighBit = 16, 16, 15
        made.PixelRepresentation, made.RescaleSlope, made.RescaleIntercept = 1, 1, 0
        made.PixelSpacing = list(image.grid.spacing[1:])
        made.SliceThickness = image.grid.spacing[0]
        made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        made.ImagePositionPatient = image.grid.voxel_to_world((50 + number, 0, 0)).tolist()
        made.WindowCenter, made.WindowWidth = [40, 300], [400, 1500]
        made.WindowCenterWidthExplanation = ["SOFT", "HARD"]
        made.PixelData = image.array[50 + number].astype("<i2").tobytes()
        made.save_as(folder / f"IM{number + 1:03d}.dcm", enforce_file_format=True)


def main(folder: Path, work: Path) -> None:
    """Walk through the reading room and keep a picture of each state."""
    import napari
    from screenshots import Person

    from napari_medssl.widgets.reading.dock import ReadingWidget

    viewer = napari.Viewer()
    viewer.window.resize(*SIZE)
    room = ReadingWidget(viewer)
    viewer.window.add_dock_widget(room, name="Reading room", area="right")
    person = Person(viewer)
    person.rest()
    viewer.window._qt_window.move(0, 0)  # noqa: SLF001
    person.focus()
    person.keep(folder / "reading-room-empty.png")

    places = add_trunk(viewer)
    person.rest()
    person.click(room.primary)
    viewer.dims.set_point(range(3), places["carina"])
    person.keep(folder / "reading-room.png")

    room.toggle_planes()
    viewer.layers.clear()
    write_slices(work)
    viewer.open(work, plugin="napari-medssl")
    person.rest(1.0)
    person.click(room.header_fold.button)
    person.wait(lambda: len(room.header.shown) > 10)
    person.keep(folder / "reading-room-header.png")
    room.close_task()
    viewer.close()


if __name__ == "__main__":
    if not os.environ.get("DISPLAY"):
        sys.exit(
            'no display: xvfb-run -a -s "-screen 0 1440x900x24" python docs/reading_screenshots.py'
        )
    with tempfile.TemporaryDirectory() as own:
        for variable in ("MEDSSL_DATA", "MEDSSL_CACHE"):
            os.environ[variable] = own
        os.environ["NAPARI_CONFIG"] = str(Path(own) / "settings.yaml")
        target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE / "images"
        target.mkdir(parents=True, exist_ok=True)
        slices = Path(own) / "slices"
        slices.mkdir()
        main(target, slices)
