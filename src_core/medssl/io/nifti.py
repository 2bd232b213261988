"""NIfTI-1 and NIfTI-2, in one file or two, of either byte order, packed or not.

Read here and not through SimpleITK, which refuses sheared matrices, rounds the matrix of some
files, and turns the vectors of a 5-D file. The standard: https://nifti.nimh.nih.gov/.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import IO, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError
from medssl.geometry import FloatArray, Grid, Unit
from medssl.io._checks import DAMAGED, refusing, require_bytes, require_memory
from medssl.io._nifti_header import DTYPES, LPS_FROM_RAS, NIFTI1, NIFTI2, RGB
from medssl.io.frame_axis import frame_axis
from medssl.io.image import Axes, Image

_MILLIMETRES = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_FRAMES = {8: ("time", "s", 1.0), 16: ("time", "s", 1e-3), 24: ("time", "s", 1e-6)}
_FRAMES |= {32: ("frequency", "Hz", 1.0), 40: ("shift", "ppm", 1.0), 48: ("rate", "rad/s", 1.0)}


def read_nifti(path: Path) -> Image:
    """Read a NIfTI file with its whole geometry, a sheared matrix included.

    The sform is used where it is set, else the qform, else the voxel sizes alone (with a
    warning, since left and right are then not known). Colour and 3-vectors become the last
    axis, other axes beyond the third the first one.

    Raises
    ------
    FileRefusedError
        If the file is damaged, truncated, Analyze 7.5, complex or has no two spatial axes.
    """
    header_path, data_path = _pair(path)
    with refusing(path, "it cannot be decoded"):
        with _open(header_path) as file:
            header = _header(header_path, file.read(544))
        shape, axes, spatial = _axes(path, header)
        grid, warnings, metadata = _geometry(header, spatial)
        array = _pixels(data_path, header, shape)
    if axes.startswith("t"):
        metadata["frames"] = _frames(header, len(array))
    low, high = float(header["cal_min"]), float(header["cal_max"])
    window = (
        ((low + high) / 2, high - low) if np.isfinite([low, high]).all() and high > low else None
    )
    return Image(
        array, grid, axes, path.name, path, window=window, warnings=warnings, metadata=metadata
    )


def read_nifti_header(path: Path) -> np.void:
    """Read the fields of a NIfTI-1 or NIfTI-2 header.

    Raises
    ------
    FileRefusedError
        If it is no such header.
    """
    header_path, _ = _pair(path)
    with refusing(path, "it cannot be decoded"), _open(header_path) as file:
        return _header(header_path, file.read(544))


def _frames(header: np.void, number: int) -> dict[str, Any]:
    """Say what the fourth axis runs over, where the header gives its unit and step."""
    kind = _FRAMES.get(int(header["xyzt_units"]) & 56)
    step, start = float(header["pixdim"][4]), float(header["toffset"])
    if kind is None or not np.isfinite(step) or step <= 0:
        return frame_axis()
    name, unit, factor = kind
    start = start if np.isfinite(start) else 0.0
    return frame_axis(name, unit, (start + np.arange(number) * step) * factor)


def _pair(path: Path) -> tuple[Path, Path]:
    """Header file and data file; the same one for ``.nii``."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    ending = Path(name).suffix.lower()
    if ending not in (".hdr", ".img"):
        return path, path
    stem = path.parent / name[: -len(ending)]

    def partner(wanted: str) -> Path:
        tries = [wanted, wanted.upper(), f"{wanted}.gz"]
        for suffix in tries:
            if (candidate := stem.with_name(stem.name + suffix)).is_file():
                return candidate
        raise FileRefusedError(
            path, f"its other half {stem.name}{wanted} is missing", "Put both into one folder."
        )

    return partner(".hdr"), partner(".img")


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")


def _header(path: Path, data: bytes) -> np.void:
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for dtype, size in ((NIFTI1, 348), (NIFTI2, 540)):
        for order in orders:
            if int.from_bytes(data[:4], order) != size:
                continue
            if len(data) < size:
                raise FileRefusedError(path, "it is cut off in its header", DAMAGED)
            header = np.frombuffer(data, dtype.newbyteorder(order), 1)[0]
            if not header["magic"].startswith(b"n"):
                raise FileRefusedError(
                    path,
                    "it is an Analyze 7.5 header, which does not say which side is left",
                    "Convert it to NIfTI with a program that knows where it came from.",
                )
            return cast("np.void", header)
    raise FileRefusedError(path, "its header is not NIfTI", DAMAGED)


def _axes(path: Path, header: np.void) -> tuple[tuple[int, ...], Axes, int]:
    """Sizes in the file's order (x first), our axes, and the number of spatial ones."""
    n = int(header["dim"][0])
    if not 1 <= n <= 7:
        raise FileRefusedError(path, f"its header gives {n} axes", DAMAGED)
    sizes = [int(s) for s in header["dim"][1 : n + 1]]
    if min(sizes) < 1:
        raise FileRefusedError(path, f"its header gives the size {tuple(sizes)}", DAMAGED)
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    if len(sizes) < 2:
        raise FileRefusedError(path, f"it has {n} axis, not an image", "Give an image.")
    if len(sizes) > 5:
        raise FileRefusedError(path, f"it has {len(sizes)} axes", "Split it into 3-D images.")
    shape = tuple(sizes)
    spatial = min(len(sizes), 3)
    letters = "zyx"[-spatial:]
    if len(sizes) == 5 or int(header["datatype"]) in RGB:
        letters += "c"
    if len(sizes) > 3 and sizes[3] > 1:
        letters = "t" + letters
    return shape, cast("Axes", letters), spatial


def _pixels(path: Path, header: np.void, shape: tuple[int, ...]) -> NDArray[Any]:
    code = int(header["datatype"])
    colours = RGB.get(code, 0)
    if not colours and code not in DTYPES:
        what = "complex numbers" if code in (32, 1792, 2048) else f"the data type {code}"
        raise FileRefusedError(
            path, f"its voxels are {what}", "Save their magnitude as a real image."
        )
    order = header.dtype["dim"].base.byteorder
    dtype = np.dtype(np.uint8 if colours else DTYPES[code]).newbyteorder(order)
    require_memory(path, shape, max(dtype.itemsize, 4) * max(colours, 1))
    needed = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize * max(colours, 1)
    with _open(path) as file:
        offset = float(header["vox_offset"])
        start = int(offset) if np.isfinite(offset) and offset > 0 else 0
        if header["magic"].startswith(b"n+"):
            start = max(start, 352 if header.dtype.itemsize == 348 else 544)
        file.seek(start)
        data = bytearray(needed)
        found = file.readinto(memoryview(data))  # type: ignore[attr-defined]
        while 0 < found < needed and (more := file.readinto(memoryview(data)[found:])):  # type: ignore[attr-defined]
            found += more
    require_bytes(path, found, needed)
    array = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="), copy=False)
    if colours:
        array = array.reshape((*shape[::-1], colours))[..., :3]
        return array[0] if len(shape) == 4 and shape[3] == 1 else array
    array = array.reshape(shape[::-1])
    if len(shape) == 5:
        array = np.moveaxis(array, 0, -1)
        array = array[0] if shape[3] == 1 else array
    return _scaled(array, float(header["scl_slope"]), float(header["scl_inter"]))


def _scaled(array: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    if not np.isfinite(slope) or slope == 0:
        return array
    intercept = intercept if np.isfinite(intercept) else 0.0
    if (slope, intercept) == (1.0, 0.0):
        return array
    wide = np.dtype("f8" if array.dtype.itemsize > 2 else "f4")
    return np.asarray(array.astype(wide) * wide.type(slope) + wide.type(intercept))


def _geometry(header: np.void, spatial: int) -> tuple[Grid, tuple[str, ...], dict[str, Any]]:
    """Grid from sform or qform; array axes run against the file's, the world is LPS."""
    shape = tuple(int(s) for s in header["dim"][1 : spatial + 1])[::-1]
    sizes = np.abs(np.asarray(header["pixdim"][1:4], float))
    sizes[~(np.isfinite(sizes) & (sizes > 0))] = 1.0
    warnings: list[str] = []
    affine = np.diag([*sizes, 1.0])
    if header["sform_code"] > 0:
        affine[:3] = [header["srow_x"], header["srow_y"], header["srow_z"]]
        if header["qform_code"] > 0 and not np.allclose(affine, _qform(header, sizes), atol=0.1):
            warnings.append("Its sform and qform disagree: the sform is used.")
    elif header["qform_code"] > 0:
        affine = _qform(header, sizes)
    elif spatial == 3:
        warnings.append(
            "Its header has no orientation (neither sform nor qform): the axes are taken to run "
            "to the right, anterior and superior, as NIfTI has it."
        )
    scale = _MILLIMETRES.get(int(header["xyzt_units"]) & 7)
    if scale is None:
        warnings.append("Its header gives an unknown unit of length: millimetres are assumed.")
    affine[:3] *= scale or 1.0
    sizes *= scale or 1.0
    matrix = LPS_FROM_RAS @ affine
    metadata: dict[str, Any] = {"affine_ras": affine.tolist()}
    if header["sform_code"] <= 0 and header["qform_code"] <= 0:
        metadata["orientation_assumed"] = True
    if spatial == 3:
        columns = matrix[:, [2, 1, 0, 3]]
        return Grid.from_affine(shape, columns), tuple(warnings), metadata
    return _plane(header, shape, sizes, matrix, metadata), tuple(warnings), metadata


def _plane(
    header: np.void,
    shape: tuple[int, ...],
    sizes: FloatArray,
    matrix: FloatArray,
    metadata: dict[str, Any],
) -> Grid:
    """Grid of a picture: its own place in the plane, or in space where it does not lie flat."""
    oriented = header["sform_code"] > 0 or header["qform_code"] > 0
    spacing = (float(sizes[1]), float(sizes[0]))
    if not oriented:
        known = int(header["xyzt_units"]) & 7 or spacing != (1.0, 1.0)
        unit: Unit = "mm" if known else "px"
        return Grid.create(shape, spacing, unit=unit)
    if np.abs(matrix[2, :2]).max() < 1e-6:
        flat = np.eye(3)
        flat[:2] = matrix[:2][:, [1, 0, 3]]
        return Grid.from_affine(shape, flat)
    metadata["plane_lps"] = matrix[:3][:, [1, 0, 3]].ravel().tolist()
    return Grid.create(shape, spacing)


def _qform(header: np.void, sizes: FloatArray) -> FloatArray:
    """Matrix of NIfTI's method 2: a quaternion, voxel sizes and an offset."""
    b, c, d = (float(header[f"quatern_{q}"]) for q in "bcd")
    a = np.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    if a < 1e-7:
        b, c, d = np.array([b, c, d]) / np.sqrt(b * b + c * c + d * d)
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    handedness = -1.0 if header["pixdim"][0] < 0 else 1.0
    affine = np.eye(4)
    affine[:3, :3] = rotation * sizes * [1.0, 1.0, handedness]
    affine[:3, 3] = [header[f"qoffset_{q}"] for q in "xyz"]
    return affine
