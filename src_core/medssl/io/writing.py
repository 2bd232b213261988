"""Write images, their geometry where the format holds it."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from medssl.errors import FileRefusedError
from medssl.io._atomic import write_beside, write_binary
from medssl.io._nifti_header import DTYPES, LPS_FROM_RAS, NIFTI1, NIFTI2
from medssl.io.formats import extension
from medssl.io.image import Image
from medssl.io.nrrd_header import header_lines, plain_bytes

_log = logging.getLogger(__name__)
_VOLUMES = "Write it as .nii.gz or .nrrd."


def write_image(image: Image, path: str | Path) -> list[Path]:
    """Write an image in the format that the extension of `path` names.

    NIfTI and NRRD keep the whole geometry, MetaImage all but a sheared one, TIFF the pixel
    size, PNG and JPEG nothing; what is lost is logged. Pixels are never changed: a format
    that cannot hold their type refuses them (JPEG stays lossy).

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    FileRefusedError
        If the format cannot hold the image.
    StorageError
        If it cannot be written; an older file of that name then stays as it was.
    """
    path = Path(path)
    writer = _WRITERS.get(extension(path)) or _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise FileRefusedError(
            path,
            f"images are not written as {extension(path) or 'a file without extension'}",
            f"Use one of {', '.join(_WRITERS)}.",
        )
    writer(image, path)
    return [path, path.with_suffix(".zraw")] if path.suffix.lower() == ".mhd" else [path]


def _plain(image: Image, path: Path) -> np.ndarray:
    """Pixels of a type that files know: no booleans, no half precision."""
    array = image.array
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise FileRefusedError(
            path, f"its pixels are {array.dtype}", "Turn them into whole or real numbers first."
        )
    return plain_bytes(array)


def _write_nifti(image: Image, path: Path) -> None:
    array = _plain(image, path)
    n = image.ndim
    header = np.zeros((), NIFTI2 if max(array.shape) > 32767 else NIFTI1)
    two = header.dtype.itemsize == NIFTI2.itemsize
    header["sizeof_hdr"] = header.dtype.itemsize
    header["magic"] = b"n+2\0\r\n\x1a\n" if two else b"n+1\0"
    header["vox_offset"] = 544 if two else 352
    sizes = [1] * 7
    sizes[:n] = image.grid.shape[::-1]
    sizes[3] = image.frames
    axes = n if image.frames == 1 else 4
    if image.is_colour and array.dtype == np.uint8 and array.shape[-1] == 3:
        header["datatype"], header["bitpix"] = 128, 24
    else:
        code = next(k for k, v in DTYPES.items() if np.dtype(v) == array.dtype)
        header["datatype"], header["bitpix"] = code, 8 * array.dtype.itemsize
        if image.is_colour:
            axes, sizes[4] = 5, array.shape[-1]
            header["intent_code"] = 1007
            array = np.moveaxis(array, -1, 0)
    header["dim"] = [axes, *sizes]
    header["pixdim"] = [1.0, *image.grid.spacing[::-1], *[1.0] * (7 - n)]
    header["scl_slope"] = 1.0
    header["xyzt_units"] = 2 if image.grid.unit == "mm" else 0
    if image.window is not None:
        header["cal_min"] = image.window[0] - image.window[1] / 2
        header["cal_max"] = image.window[0] + image.window[1] / 2
    affine = np.eye(4)
    affine[:n, :n] = image.grid.affine[:n, :n][:, ::-1]
    affine[:n, 3] = image.grid.affine[:n, n]
    affine = LPS_FROM_RAS @ affine
    if image.grid.unit == "mm":
        header["sform_code"] = 1
        header["srow_x"], header["srow_y"], header["srow_z"] = affine[:3]
    data = header.tobytes() + bytes(4) + array.tobytes()
    with write_binary(path) as file:
        if extension(path).endswith(".gz"):
            with gzip.GzipFile("", "wb", 4, file, mtime=0) as packed:
                packed.write(data)
        else:
            file.write(data)


def _write_nrrd(image: Image, path: Path) -> None:
    array = _plain(image, path)
    colour = ["RGB-color" if array.shape[-1] == 3 else "vector"] * image.is_colour
    lines = header_lines(array, image.grid, colour, ["list"] * image.axes.startswith("t"))
    with write_binary(path) as file:
        file.write(("\n".join(lines) + "\n\n").encode())
        file.write(gzip.compress(array.tobytes(), 4, mtime=0))


def _write_meta(image: Image, path: Path) -> None:
    import SimpleITK as sitk  # noqa: N813

    from medssl.io._itk import to_itk

    if image.frames > 1 or not image.grid.is_orthogonal:
        what = "a time axis" if image.frames > 1 else "a sheared grid"
        raise FileRefusedError(path, f"MetaImage cannot hold {what}", _VOLUMES)
    with write_beside(path) as draft:
        try:
            sitk.WriteImage(to_itk(image), str(draft), useCompression=True)
        except RuntimeError as error:
            raise OSError(str(error).strip().splitlines()[-1]) from error


def _write_tiff(image: Image, path: Path) -> None:
    array = _plain(image, path)
    metadata: dict[str, object] = {"axes": image.axes.upper().replace("C", "S")}
    if image.grid.unit == "mm":
        for axis, size in zip("ZYX"[-image.ndim :], image.grid.spacing, strict=True):
            metadata[f"PhysicalSize{axis}"] = size
            metadata[f"PhysicalSize{axis}Unit"] = "mm"
        if not np.allclose(image.grid.affine, _upright(image)):
            _log.warning("%s: TIFF keeps the pixel size, not origin and direction", path)
    colour = "rgb" if image.is_colour and array.shape[-1] == 3 else "minisblack"
    with write_beside(path) as draft:
        tifffile.imwrite(
            draft, array, ome=True, photometric=colour, compression="zlib", metadata=metadata
        )


def _upright(image: Image) -> np.ndarray:
    n = image.ndim
    affine = np.eye(n + 1)
    affine[:n, :n] = np.eye(n)[:, ::-1] * image.grid.spacing
    return affine


def _write_png(image: Image, path: Path) -> None:
    array = _picture(image, path, (np.dtype(np.uint8), np.dtype(np.uint16)))
    with write_binary(path) as file:
        file.write(imagecodecs.png_encode(array, level=6))


def _write_jpeg(image: Image, path: Path) -> None:
    array = _picture(image, path, (np.dtype(np.uint8),))
    with write_binary(path) as file:
        file.write(imagecodecs.jpeg_encode(array, level=95))


def _picture(image: Image, path: Path, dtypes: tuple[np.dtype, ...]) -> np.ndarray:
    array = _plain(image, path)
    if image.axes not in ("yx", "yxc"):
        raise FileRefusedError(path, f"a picture cannot hold the axes {image.axes}", _VOLUMES)
    if array.dtype not in dtypes:
        names = " or ".join(d.name for d in dtypes)
        raise FileRefusedError(
            path,
            f"its pixels are {array.dtype}, the format holds {names}",
            "Scale them to that range first, or write .tif, .nii.gz or .nrrd.",
        )
    if image.grid.unit == "mm":
        _log.warning("%s: the format does not keep the pixel size", path)
    return array


_WRITERS: dict[str, Callable[[Image, Path], None]] = {
    ".nii": _write_nifti,
    ".nii.gz": _write_nifti,
    ".nrrd": _write_nrrd,
    ".mha": _write_meta,
    ".mhd": _write_meta,
    ".tif": _write_tiff,
    ".tiff": _write_tiff,
    ".ome.tif": _write_tiff,
    ".ome.tiff": _write_tiff,
    ".png": _write_png,
    ".jpg": _write_jpeg,
    ".jpeg": _write_jpeg,
}
