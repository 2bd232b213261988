"""Which files medssl reads: by their name, and by what their first bytes say.

Nothing heavy is imported here, so that the plugin's manifest and file filters may use it.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Literal

from medssl.errors import FileRefusedError

Format = Literal["png", "jpeg", "tiff", "nifti", "nrrd", "meta", "dicom"]

_EXTENSIONS: dict[str, Format] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".nii": "nifti",
    ".nii.gz": "nifti",
    ".hdr": "nifti",
    ".img": "nifti",
    ".nrrd": "nrrd",
    ".nhdr": "nrrd",
    ".mha": "meta",
    ".mhd": "meta",
    ".dcm": "dicom",
    ".dicom": "dicom",
    ".ima": "dicom",
}

#: Glob patterns of the files that `medssl.io.read_image` reads, for file dialogs and manifests.
#: A DICOM file without extension is read too, and so is a folder of them.
SUPPORTED_PATTERNS: tuple[str, ...] = (*(f"*{e}" for e in _EXTENSIONS), "*.ome.tif", "*.ome.tiff")

#: Known formats of medical images that are refused, and what to do about it.
_REFUSED: dict[str, str] = {
    ".mgz": "a FreeSurfer volume",
    ".mgh": "a FreeSurfer volume",
    ".mif": "an MRtrix volume",
    ".mif.gz": "an MRtrix volume",
    ".mnc": "a MINC volume",
    ".head": "an AFNI volume",
    ".brik": "an AFNI volume",
    ".brik.gz": "an AFNI volume",
}

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"NRRD000", "nrrd"),
)


def extension(path: str | Path) -> str:
    """Extension in lower case with its dot; a double one (``.nii.gz``, ``.ome.tif``) is whole."""
    suffixes = [s.lower() for s in Path(path).suffixes]
    if len(suffixes) > 1 and (suffixes[-1] == ".gz" or suffixes[-2] == ".ome"):
        return "".join(suffixes[-2:])
    return suffixes[-1] if suffixes else ""


def format_from_name(path: str | Path) -> Format | None:
    """Format that the extension promises, None for an unknown one."""
    ending = extension(path)
    return _EXTENSIONS.get(ending) or _EXTENSIONS.get(Path(path).suffix.lower())


def refused_kind(path: str | Path) -> str | None:
    """Say what a file of a known, unsupported format is (``"an AFNI volume"``), else None."""
    return _REFUSED.get(extension(path))


def format_from_content(path: str | Path) -> Format | None:
    """Format that the first bytes of the file show, None where they show none.

    Raises
    ------
    FileRefusedError
        If the file cannot be opened.
    """
    head = _first_bytes(Path(path))
    if head[128:132] == b"DICM":
        return "dicom"  # first: a DICOM's preamble may look like a TIFF, on purpose
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0"):
        return "nifti"
    if head.lstrip().startswith((b"ObjectType", b"NDims")):
        return "meta"
    return None


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(1024)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as packed:
                inner = packed.read(352)
            return inner if inner[344:346] == b"n+" or inner[4:7] == b"n+2" else b""
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""
    except OSError as error:
        raise unreadable(path, error) from error
    return head


def unreadable(path: Path, error: OSError) -> FileRefusedError:
    """Turn the system's refusal to open a file into ours, with the remedy."""
    if isinstance(error, FileNotFoundError):
        return FileRefusedError(path, "there is no such file or folder", "Check the path.")
    if isinstance(error, PermissionError):
        return FileRefusedError(
            path, "you may not read it", "Change its permissions, or copy it to a folder of yours."
        )
    if isinstance(error, IsADirectoryError):
        return FileRefusedError(path, "it is a folder", "Give one of its files.")
    return FileRefusedError(
        path, f"it cannot be read ({error.strerror or error})", "Check the disk or the network."
    )
