"""NRRD, inline or detached, in all its encodings.

Read here and not through SimpleITK, which knows neither bzip2 nor skipped bytes counted from
the end. The format: https://teem.sourceforge.net/nrrd/format.html.
"""

from __future__ import annotations

import bz2
import gzip
import math
import re
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError
from medssl.geometry import FloatArray, Grid
from medssl.io._checks import DAMAGED, refusing, require_bytes, require_memory
from medssl.io.frame_axis import frame_axis
from medssl.io.image import Axes, Image

_TYPES = {
    "i1": "signed char|int8|int8_t",
    "u1": "uchar|unsigned char|uint8|uint8_t",
    "i2": "short|short int|signed short|signed short int|int16|int16_t",
    "u2": "ushort|unsigned short|unsigned short int|uint16|uint16_t",
    "i4": "int|signed int|int32|int32_t",
    "u4": "uint|unsigned int|uint32|uint32_t",
    "i8": "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t",
    "u8": "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t",
    "f4": "float",
    "f8": "double",
}
_DTYPES = {name: code for code, names in _TYPES.items() for name in names.split("|")}
_COLOURS = {"rgb-color", "rgba-color", "xyz-color", "hsv-color", "3-color", "4-color"}
_TO_LPS = {"left": (0, 1), "right": (0, -1), "posterior": (1, 1), "anterior": (1, -1)}
_SHORT = {"L": "left", "R": "right", "P": "posterior", "A": "anterior", "S": "superior"}
_LONGEST_SKIP = 2**24  # bytes before packed voxels
_TRAILING = 16  # bytes that may follow the voxels: line ends, a checksum
_MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 1e-3, "µm": 1e-3, "microns": 1e-3}


def read_nrrd(path: Path) -> Image:
    """Read a NRRD of 2 to 5 axes with its geometry turned to LPS.

    An axis without direction holds colour where its kind says so or it is the first of 3 or 4
    values, else time (any fourth axis).

    Raises
    ------
    FileRefusedError
        If the file is damaged, truncated, or not an image.
    """
    with refusing(path, "it cannot be decoded"):
        fields, body = _header(path)
        sizes = [int(v) for v in _field(path, fields, "sizes").split()]
        if int(_field(path, fields, "dimension")) != len(sizes):
            _refuse(path, "its sizes do not fit its dimension")
        array = _pixels(path, fields, sizes, body)
        return _image(path, fields, sizes, array)


def _refuse(path: Path, problem: str, remedy: str = DAMAGED) -> NoReturn:
    raise FileRefusedError(path, problem, remedy)


def _field(path: Path, fields: dict[str, str], name: str) -> str:
    if name not in fields:
        _refuse(path, f"its header has no {name!r}")
    return fields[name]


def _header(path: Path) -> tuple[dict[str, str], bytes]:
    """Fields in lower case, and the bytes that follow the header."""
    data = path.read_bytes()
    if not data.startswith(b"NRRD000"):
        _refuse(path, "it does not begin as a NRRD does")
    end = re.search(rb"\r?\n\r?\n", data)
    text = (data[: end.start()] if end else data).decode("utf-8", "replace")
    fields = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#") or not line.strip():
            continue
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.lstrip("=").strip()
    return fields, data[end.end() :] if end else b""


def _pixels(path: Path, fields: dict[str, str], sizes: list[int], body: bytes) -> NDArray[Any]:
    code = _DTYPES.get(_field(path, fields, "type").lower())
    if code is None:
        _refuse(path, f"its voxels are of type {fields['type']!r}", "Save it as numbers.")
    order = ">" if fields.get("endian", "little").lower() == "big" else "<"
    dtype = np.dtype(order + code)
    require_memory(path, sizes, max(4, dtype.itemsize))
    needed = math.prod(sizes) * dtype.itemsize
    source = path
    if "data file" in fields or "datafile" in fields:
        source = _data_file(path, fields.get("data file") or fields["datafile"])
        body = source.read_bytes()
    for _ in range(int(fields.get("line skip") or fields.get("lineskip") or 0)):
        body = body[body.index(b"\n") + 1 :] if b"\n" in body else b""
    encoding = _field(path, fields, "encoding").lower()
    if encoding in ("ascii", "txt", "text"):
        values = np.array(body.split(), float)
        require_bytes(source, len(values) * dtype.itemsize, needed)
        return values[: math.prod(sizes)].astype(dtype.newbyteorder("=")).reshape(sizes[::-1])
    body = _unpack(path, encoding, body, needed)
    skip = int(fields.get("byte skip") or fields.get("byteskip") or 0)
    body = body[max(0, len(body) - needed + skip + 1) :] if skip < 0 else body[skip:]
    require_bytes(source, len(body), needed)
    if len(body) > needed + _TRAILING:
        _refuse(
            path,
            f"its data is {len(body) - needed} bytes longer than its header says",
            "Its header lacks a byte skip or gives wrong sizes: correct it.",
        )
    array = np.frombuffer(body, dtype, math.prod(sizes)).reshape(sizes[::-1])
    return array.astype(dtype.newbyteorder("="))


def _data_file(path: Path, named: str) -> Path:
    if named.upper().startswith("LIST") or re.search(r"%\d*d", named):
        _refuse(path, "its voxels lie in several files", "Save it as one .nrrd file.")
    source = path.parent / named
    if not source.is_file():
        _refuse(path, f"its data file {named} is missing", "Put both into one folder.")
    return source


def _unpack(path: Path, encoding: str, body: bytes, needed: int) -> bytes:
    """Unpack no more than the header can mean, whatever the packed data would grow to."""
    limit = needed + _LONGEST_SKIP
    if encoding == "raw":
        return body
    if encoding in ("gzip", "gz"):
        return gzip.GzipFile(fileobj=BytesIO(body)).read(limit)
    if encoding in ("bzip2", "bz2"):
        return bz2.BZ2File(BytesIO(body)).read(limit)
    if encoding == "hex":
        return bytes.fromhex(body.decode("ascii"))
    return _refuse(path, f"its encoding {encoding!r} is not known", "Save it with gzip or raw.")


def _image(path: Path, fields: dict[str, str], sizes: list[int], array: NDArray[Any]) -> Image:
    vectors = _vectors(fields, len(sizes))
    kinds = [k.lower() for k in fields.get("kinds", "").split()] or ["???"] * len(sizes)
    spatial = [i for i, v in enumerate(vectors) if v is not None]
    if not spatial:
        others = {"list", "vector", "time", *_COLOURS}
        spatial = [i for i, k in enumerate(kinds) if k not in others][-3:]
        if len(sizes) in (3, 4) and sizes[0] in (3, 4) and kinds[0] in _COLOURS | {"vector"}:
            spatial = list(range(1, len(sizes)))
    if len(spatial) not in (2, 3):
        _refuse(path, f"it has {len(spatial)} spatial axes", "Give an image or a volume.")
    rest = [i for i in range(len(sizes)) if i not in spatial and sizes[i] > 1]
    colour = [i for i in rest if kinds[i] in _COLOURS or (i == 0 and sizes[i] in (3, 4))][:1]
    colour = [i for i in colour if kinds[i] not in ("list", "time")]
    time = [i for i in rest if i not in colour]
    if len(time) > 1:
        _refuse(path, f"it has {len(sizes)} axes", "Split it into volumes.")
    n = len(sizes)
    flat = [i for i in range(n) if i not in spatial and i not in rest]
    order = [*flat, *time, *reversed(spatial), *colour]
    array = np.ascontiguousarray(array.transpose([n - 1 - i for i in order]))
    array = array.reshape([sizes[i] for i in order if i not in flat])
    letters = "t" * len(time) + "zyx"[-len(spatial) :] + "c" * len(colour)
    grid, warnings = _grid(fields, vectors, spatial, sizes)
    metadata: dict[str, Any] = {k: v for k, v in fields.items() if k not in ("data file",)}
    if grid.ndim == 3 and not (fields.get("space") and fields.get("space directions")):
        metadata["orientation_assumed"] = True
    if time:
        metadata["frames"] = _frames(fields, sizes[time[0]])
    return Image(
        array, grid, cast("Axes", letters), path.name, path, warnings=warnings, metadata=metadata
    )


def _frames(fields: dict[str, str], number: int) -> dict[str, Any]:
    """Say what the axis of frames runs over, where Slicer's multi-volume fields say it."""
    labels = fields.get("multivolume.framelabels", "").split(",")
    name = fields.get("multivolume.frameidentifyingdicomtagname", "")
    unit = fields.get("multivolume.frameidentifyingdicomtagunits", "")
    try:
        values = [float(label) for label in labels]
    except ValueError:
        return frame_axis()
    words = " ".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)).lower()
    return frame_axis(words or "frame", unit, values if len(values) == number else ())


def _vectors(fields: dict[str, str], n: int) -> list[FloatArray | None]:
    """World direction times spacing of each axis, None for axes that are not spatial."""
    text = fields.get("space directions", "")
    found = re.findall(r"none|\([^)]*\)", text)
    if not found:
        return [None] * n
    vectors = [None if v == "none" else np.array(v[1:-1].split(","), float) for v in found]
    if len(vectors) != n:
        raise ValueError("space directions do not fit the dimension")
    return [None if v is None or not np.isfinite(v).all() else v for v in vectors]


def _grid(
    fields: dict[str, str], vectors: list[FloatArray | None], spatial: list[int], sizes: list[int]
) -> tuple[Grid, tuple[str, ...]]:
    shape = [sizes[i] for i in reversed(spatial)]
    warnings: list[str] = []
    known = [v for i in reversed(spatial) if (v := vectors[i]) is not None]
    if len(known) != len(spatial):
        text = fields.get("spacings", "").split()
        if len(text) != len(sizes):
            return Grid.create(shape), ()
        spacing = [abs(float(text[i])) for i in reversed(spatial)]
        if not all(math.isfinite(s) and s > 0 for s in spacing):
            return Grid.create(shape), ()
        return Grid.create(shape, spacing), ()
    n = len(spatial)
    flip, said = _space(fields.get("space", ""), n)
    warnings += said
    columns = np.stack(known, axis=1)
    if columns.shape != (n, n):
        raise ValueError(f"{n} spatial axes lie in a space of {columns.shape[0]}")
    origin = re.findall(r"[^(),\s]+", fields.get("space origin", "")) or ["0"] * n
    units = re.findall(r'"([^"]*)"', fields.get("space units", ""))
    scale = _MILLIMETRES.get(units[0], 1.0) if units else 1.0
    affine = np.eye(n + 1)
    affine[:n, :n] = flip @ columns * scale
    affine[:n, n] = flip @ np.array(origin, float) * scale
    return Grid.from_affine(shape, affine), tuple(warnings)


def _space(space: str, n: int) -> tuple[FloatArray, list[str]]:
    """Matrix from the file's space to LPS."""
    words = [w for w in space.lower().split("-") if w != "time"]
    if re.fullmatch(r"[LRPAS]{2,3}T?", space.strip().strip('"')):
        words = [_SHORT[letter] for letter in space.strip().strip('"')[:n]]
    flip = np.eye(n)
    if n != len(words):
        said = n == 3 and "space" not in space
        return flip, ["Its header names no space: LPS is assumed."] if said else []
    for row, word in enumerate(words):
        if word in _TO_LPS:
            axis, sign = _TO_LPS[word]
            flip[:, row] = 0
            flip[axis, row] = sign
    return flip, []
