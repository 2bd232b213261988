"""Sample data: phantoms at once, public files fetched once, checked, with clear errors."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from medssl.geometry import Grid
from medssl.io import Image, write_image
from napari_medssl import samples
from napari_medssl.layers import layer_to_image


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address that serves it."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


@pytest.fixture
def sample(server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> samples.PublicSample:
    """The CT sample, served from here with another file."""
    folder, address = server
    values = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    path = folder / "ct.nii.gz"
    write_image(Image(values, Grid.create((4, 5, 6), (3.0, 2.0, 1.0)), "zyx"), path)
    mark = sha256(path.read_bytes()).hexdigest()
    local = replace(samples.CT_SAMPLE, url=address + "ct.nii.gz", sha256=mark)
    monkeypatch.setattr(samples, "CT_SAMPLE", local)
    return local


def test_chest_cohort_is_ready_to_work_with() -> None:
    layers = samples.chest_phantom()
    assert len(layers) == 10
    assert [attributes["visible"] for _, attributes, _ in layers] == [True] + [False] * 9
    for data, attributes, kind in layers:
        assert kind == "image"
        assert data.ndim == 2
        assert attributes["units"] == ("mm", "mm")
        assert attributes["axis_labels"] == ("y", "x")
        truth = attributes["metadata"]["medssl"]["header"]["landmarks"]
        assert 0 <= truth["carina"][0] < data.shape[0]
        assert layer_to_image(data, attributes).grid.shape == data.shape


def test_trunk_cohort_is_ready_to_work_with() -> None:
    layers = samples.volume_phantom()
    assert len(layers) == 4
    for data, attributes, _ in layers:
        assert data.ndim == 3
        assert attributes["units"] == ("mm",) * 3
        assert attributes["axis_labels"] == ("z", "y", "x")
        assert attributes["contrast_limits"] == (-160.0, 240.0)


def test_public_sample_is_fetched_once(
    sample: samples.PublicSample, server: tuple[Path, str]
) -> None:
    ((data, attributes, kind),) = samples.ct_sample()
    assert kind == "image"
    assert data.shape == (4, 5, 6)
    assert sorted(attributes["scale"]) == [1.0, 2.0, 3.0]
    assert attributes["contrast_limits"] == (-160.0, 240.0)
    assert "Apache-2.0" in attributes["metadata"]["medssl"]["header"]["licence"]
    (server[0] / "ct.nii.gz").unlink()
    ((again, _, _),) = samples.ct_sample()
    assert np.array_equal(again, data)


def test_damaged_kept_file_is_fetched_again(sample: samples.PublicSample) -> None:
    kept = samples.fetch_sample(sample)
    kept.write_bytes(b"half a file")
    assert sha256(samples.fetch_sample(sample).read_bytes()).hexdigest() == sample.sha256


def test_other_content_is_refused(sample: samples.PublicSample) -> None:
    wrong = replace(sample, sha256="0" * 64)
    with pytest.raises(samples.SampleError, match="holds another file"):
        samples.fetch_sample(wrong)
    assert not (samples.sample_folder() / sample.file_name).exists()


def test_without_a_connection_the_error_says_what_to_do(sample: samples.PublicSample) -> None:
    nowhere = replace(sample, url="http://127.0.0.1:9/ct.nii.gz")
    with pytest.raises(samples.SampleError) as caught:
        samples.fetch_sample(nowhere)
    message = str(caught.value)
    assert nowhere.url in message
    assert str(samples.sample_folder() / sample.file_name) in message
    assert "need no connection" in message


def test_missing_address_is_said(sample: samples.PublicSample) -> None:
    gone = replace(sample, url=sample.url + ".gone")
    with pytest.raises(samples.SampleError, match="could not be fetched"):
        samples.fetch_sample(gone)


@pytest.mark.parametrize(
    ("name", "real"),
    [
        ("MNI_TEMPLATE", "mni152/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"),
        ("CT_SAMPLE", "totalsegmentator/example_ct.nii.gz"),
        ("MR_SAMPLE", "totalsegmentator/example_mr_sm.nii.gz"),
    ],
)
def test_real_files_open_by_their_checksum(name: str, real: str, data_dir: Path) -> None:
    sample = getattr(samples, name)
    content = (data_dir / "volumes" / real).read_bytes()
    assert sha256(content).hexdigest() == sample.sha256
    kept = samples.sample_folder() / sample.file_name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content)
    function = {"MNI_TEMPLATE": "mni_template"}.get(name, name.lower())
    ((data, attributes, _),) = getattr(samples, function)()
    assert data.ndim == 3
    assert attributes["units"] == ("mm",) * 3
    assert attributes["name"] == sample.name


def test_importing_samples_is_light() -> None:
    code = (
        "import sys, napari_medssl.samples; "
        "sys.exit(any(m in sys.modules for m in ('torch', 'SimpleITK', 'pooch', 'napari')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
