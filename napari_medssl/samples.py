"""Sample data of the File menu: phantoms made on the fly and three public volumes.

The phantoms need no connection. The public files come from fixed revisions of their
repositories, are checked against a SHA-256 and kept, so that each is fetched once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from medssl.errors import MedsslError

if TYPE_CHECKING:
    from medssl.io.image import Image
    from medssl.phantom import Phantom
    from napari_medssl.layers import LayerData

_FILMS = 10
_TRUNKS = 4
_TRUNK_SIZE = 72
_TIMEOUT_S = 20


class SampleError(MedsslError):
    """A public sample cannot be fetched, or is not what it should be."""


@dataclass(frozen=True)
class PublicSample:
    """A public file that is fetched when it is first asked for.

    Parameters
    ----------
    name
        What the layer is called.
    file_name
        Name of the kept file.
    url
        Address of a fixed revision.
    sha256
        Checksum of the file, in hexadecimal.
    licence
        Terms and whom to name; kept in the layer's metadata.
    modality
        DICOM's modality code.
    window
        Centre and width to show it with, where the automatic limits serve badly.
    """

    name: str
    file_name: str
    url: str
    sha256: str
    licence: str
    modality: str
    window: tuple[float, float] | None = None


MNI_TEMPLATE = PublicSample(
    name="MNI152 brain",
    file_name="mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz",
    url="https://raw.githubusercontent.com/nilearn/nilearn/"
    "a0115edefd75f5c9c31802ea0336c2e015cc784e/nilearn/datasets/data/"
    "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz",
    sha256="421a10e872fd6cadae7f61d358dffbcc1795a497d61ee76c5dda2503e1a1e9e6",
    licence="ICBM 152 2009a, McConnell Brain Imaging Centre, McGill University; free with "
    "attribution; converted by nilearn",
    modality="MR",
)
CT_SAMPLE = PublicSample(
    name="CT of the abdomen",
    file_name="totalsegmentator_example_ct.nii.gz",
    url="https://raw.githubusercontent.com/wasserth/TotalSegmentator/"
    "0effae9d718aab0c118ce1f8982dcd16b9e32a50/tests/reference_files/example_ct.nii.gz",
    sha256="dbd3ae6d614d1d7ef3a46925c30c70038ed52da6b37fdd6afdc7b9b71387e3e1",
    licence="TotalSegmentator, Apache-2.0",
    modality="CT",
    window=(40.0, 400.0),
)
MR_SAMPLE = PublicSample(
    name="MR of the abdomen",
    file_name="totalsegmentator_example_mr_sm.nii.gz",
    url="https://raw.githubusercontent.com/wasserth/TotalSegmentator/"
    "acd2ff69982218e1f67e9081e587758eceb1adfc/tests/reference_files/example_mr_sm.nii.gz",
    sha256="209b46efaff595dd54a9332872e17a722b62654bbb68dbd89acd5090701bbd4f",
    licence="TotalSegmentator, Apache-2.0",
    modality="MR",
)


def chest_phantom() -> list[LayerData]:
    """Make a small cohort of chest-like films, one layer a film, the first one visible."""
    from medssl.phantom import make_chest

    return _cohort_layers([make_chest(seed) for seed in range(_FILMS)])


def volume_phantom() -> list[LayerData]:
    """Make a small cohort of CT-like trunks, one layer a trunk, the first one visible."""
    from medssl.phantom import make_volume

    return _cohort_layers([make_volume(seed, _TRUNK_SIZE) for seed in range(_TRUNKS)])


def mni_template() -> list[LayerData]:
    """Load the MNI152 T1 template, 1 mm (1.6 MB, fetched once)."""
    return [_public_layer(MNI_TEMPLATE)]


def ct_sample() -> list[LayerData]:
    """Load a CT of the abdomen, 3 mm (2.2 MB, fetched once)."""
    return [_public_layer(CT_SAMPLE)]


def mr_sample() -> list[LayerData]:
    """Load an MR of the abdomen, 3 mm (0.3 MB, fetched once)."""
    return [_public_layer(MR_SAMPLE)]


def sample_folder() -> Path:
    """Folder that fetched samples are kept in: under ``$MEDSSL_CACHE`` or the user's cache."""
    import pooch

    given = os.environ.get("MEDSSL_CACHE")
    return Path(given or pooch.os_cache("napari-medssl")) / "samples"


def fetch_sample(sample: PublicSample) -> Path:
    """Return the kept file of a sample, fetched now if it is absent or damaged.

    Raises
    ------
    SampleError
        If it cannot be fetched, or the address holds another file than it should.
    """
    import pooch

    folder = sample_folder()
    try:
        found = pooch.retrieve(
            sample.url,
            known_hash=f"sha256:{sample.sha256}",
            fname=sample.file_name,
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=_TIMEOUT_S),
        )
    except OSError as error:
        raise SampleError(
            f"The sample {sample.name!r} could not be fetched from {sample.url} "
            f"({type(error).__name__}). Check the connection and that {folder} can be written "
            f"to, or save that file as {folder / sample.file_name}; the phantoms of the same "
            "menu need no connection."
        ) from error
    except ValueError as error:
        raise SampleError(
            f"{sample.url} holds another file than the sample {sample.name!r}: its SHA-256 is "
            f"not {sample.sha256}. It was not opened. Try again later; if that does not help, "
            "please report it."
        ) from error
    return Path(found)


def _public_layer(sample: PublicSample) -> LayerData:
    from medssl.io import read_image
    from napari_medssl.layers import image_to_layer

    image = read_image(fetch_sample(sample))
    about = {"licence": sample.licence, "source": sample.url}
    image = replace(
        image,
        name=sample.name,
        modality=sample.modality,
        window=sample.window or image.window,
        metadata=image.metadata | about,
    )
    return image_to_layer(image)


def _cohort_layers(phantoms: list[Phantom]) -> list[LayerData]:
    from napari_medssl.layers import image_to_layer

    layers = []
    for index, phantom in enumerate(phantoms):
        data, attributes, kind = image_to_layer(_with_landmarks(phantom))
        layers.append((data, attributes | {"visible": index == 0}, kind))
    return layers


def _with_landmarks(phantom: Phantom) -> Image:
    """Carry the true landmarks in the image's metadata, ``(z, y, x)`` in voxels."""
    truth = {name: list(point_vox) for name, point_vox in phantom.landmarks.items()}
    return replace(phantom.image, metadata=phantom.image.metadata | {"landmarks": truth})
