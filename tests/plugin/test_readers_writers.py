"""Files through napari's own door: the manifest's readers and writers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from npe2 import PluginManager, PluginManifest
from npe2.io_utils import _read

import napari_medssl
from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io import SUPPORTED_PATTERNS, Image, read_image, read_landmarks_csv, write_image
from napari_medssl.layers import image_to_layer
from napari_medssl.readers import get_reader, read
from napari_medssl.writers import write_image as write_layer
from napari_medssl.writers import write_labels, write_points

MANIFEST = Path(napari_medssl.__file__).parent / "napari.yaml"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(MANIFEST)


def test_the_manifest_names_every_format_that_is_read(manifest) -> None:
    (reader,) = manifest.contributions.readers
    assert set(reader.filename_patterns) == set(SUPPORTED_PATTERNS)
    assert reader.accepts_directories


def test_every_command_of_the_manifest_is_there(manifest) -> None:
    for command in manifest.contributions.commands:
        assert callable(command.python_name and _resolve(command.python_name)), command.id


def _resolve(name: str) -> object:
    from importlib import import_module

    module, attribute = name.split(":")
    return getattr(import_module(module), attribute)


def test_the_docks_stand_in_the_menus(manifest) -> None:
    names = [widget.display_name for widget in manifest.contributions.widgets]
    assert names == [
        "Landmarks", "Cohort", "Pretraining", "Lesion maps", "Segmentation", "Reading room",
    ]  # fmt: skip
    segment = manifest.contributions.menus["napari/layers/segment"]
    assert [item.command for item in segment] == [
        "napari-medssl.segmentation", "napari-medssl.lesions",
    ]  # fmt: skip
    annotate = manifest.contributions.menus["napari/layers/annotate"]
    assert annotate[0].command == "napari-medssl.landmarks"


@pytest.fixture
def ct(tmp_path: Path) -> tuple[Path, Image]:
    direction = np.array([[0, 0, -1], [0, -1, 0], [1, 0, 0]], float)
    grid = Grid.create((4, 5, 6), (2.5, 0.8, 0.7), (10.0, -20.0, 30.0), direction)
    array = np.random.default_rng(0).integers(-1000, 2000, (4, 5, 6)).astype(np.int16)
    image = Image(array, grid, "zyx", name="ct")
    path = tmp_path / "ct.nii.gz"
    write_image(image, path)
    return path, image


@pytest.mark.parametrize("ending", ["nii.gz", "nii", "nrrd", "mha", "mhd"])
def test_a_volume_goes_through_napari_unchanged(ct, tmp_path: Path, ending: str) -> None:
    path, image = ct
    ((data, attributes, kind),) = get_reader(str(path))(str(path))
    assert kind == "image"
    out = tmp_path / "out" / f"again.{ending}"
    out.parent.mkdir()
    written = write_layer(str(out), data, attributes)
    assert str(out) in written
    again = read_image(out)
    assert np.array_equal(again.array, image.array)
    assert again.grid.affine == pytest.approx(image.grid.affine, abs=1e-4)


def test_labels_painted_on_an_image_lie_where_it_lies(ct, tmp_path: Path) -> None:
    path, _ = ct
    ((data, attributes, _),) = read(str(path))
    labels = np.zeros(data.shape, int)
    labels[1, 2, 3] = 4
    out = tmp_path / "labels.nii.gz"
    write_labels(str(out), labels, {k: attributes[k] for k in ("scale", "translate", "units")})
    again = read_image(out)
    assert again.array.dtype == np.uint8
    display_world = np.array([1, 2, 3]) * attributes["scale"] + attributes["translate"]
    where = np.argwhere(again.array == 4)[0]
    assert again.grid.voxel_to_world(where) == pytest.approx(display_world[::-1], abs=1e-4)


def test_points_keep_their_names_and_lie_in_the_world(ct, tmp_path: Path) -> None:
    import pandas as pd

    _, image = ct
    _, attributes, _ = image_to_layer(image)
    features = pd.DataFrame({"landmark": ["apex"], "source": ["corrected"]})
    out = tmp_path / "points.csv"
    shown = np.array([[1.0, 2.0, 3.0]])
    write_points(str(out), shown, attributes | {"features": features, "name": "Landmarks"})
    (row,) = read_landmarks_csv(out)
    assert row.landmark == "apex"
    assert row.point_vox == pytest.approx((1.0, 2.0, 2.0))  # x is mirrored on the screen
    slicer = tmp_path / "points.mrk.json"
    assert write_points(str(slicer), shown, {"name": "any", "scale": (1, 1, 1)}) == [str(slicer)]
    assert '"LPS"' in slicer.read_text()


def test_an_unreadable_file_is_named_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "broken.nii.gz"
    path.write_bytes(b"\x1f\x8bnothing")
    with pytest.raises(FileRefusedError, match="broken"):
        get_reader(str(path))(str(path))


def test_a_folder_of_pictures_gives_a_layer_each(pictures: Path) -> None:
    layers = read(str(pictures))
    assert len(layers) == 6
    assert layers[0][1]["contrast_limits"] == (0.0, 255.0)


def test_npe2_reads_by_the_manifest_and_finds_the_writer(ct, tmp_path: Path) -> None:
    path, _ = ct
    manager = PluginManager()
    manager.register(PluginManifest.from_file(MANIFEST))
    manager.activate("napari-medssl")
    layers, reader = _read([str(path)], stack=False, return_reader=True, _pm=manager)
    assert reader.command == "napari-medssl.read"
    assert layers[0][1]["scale"] == pytest.approx((2.5, 0.8, 0.7))
    for ending in (".nii.gz", ".nrrd", ".ome.tif"):
        writer, _ = manager.get_writer(str(tmp_path / f"a{ending}"), ["image"], "napari-medssl")
        assert writer.command == "napari-medssl.write_image"
    writer, _ = manager.get_writer(str(tmp_path / "a.mrk.json"), ["points"], "napari-medssl")
    assert writer.command == "napari-medssl.write_points"


def test_real_dicom_series_and_volumes_open(data_dir: Path) -> None:
    folder = data_dir / "brain_mr_dicom"
    layers = read(str(folder))
    assert len(layers) >= 4
    for data, attributes, _ in layers:
        assert data.ndim == 3
        assert attributes["units"] == ("mm",) * 3
        assert np.prod(attributes["scale"]) > 0
