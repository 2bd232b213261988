"""Read images of any supported format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from medssl.errors import FileRefusedError
from medssl.io._checks import refusing
from medssl.io.formats import (
    Format,
    extension,
    format_from_content,
    format_from_name,
    refused_kind,
    unreadable,
)
from medssl.io.image import Image

_FORMATS = "Give NIfTI, NRRD, MHA, DICOM, TIFF, PNG or JPEG."
_CONVERT = "Convert it to NIfTI or NRRD."


def read_image(path: str | Path) -> Image:
    """Read exactly one image: a file, or the folder of one DICOM series.

    Returns
    -------
    Image
        Pixels in the file's own meaning, with their geometry in LPS millimetres.

    Raises
    ------
    FileRefusedError
        If it cannot be read to the right pixels and geometry, or holds several images.
    """
    images = read_images(path)
    if len(images) > 1:
        names = ", ".join(image.name for image in images[:8])
        remedy = "Save each of them as a file of its own (in Python, read_images reads them all)."
        if Path(path).is_dir():
            remedy = "Read them all with read_images, list the folder, or give one of its files."
        raise FileRefusedError(path, f"it holds {len(images)} images, not one ({names})", remedy)
    return images[0]


def read_images(path: str | Path) -> list[Image]:
    """Read all images of a file, or all DICOM series of one folder (without subfolders).

    Raises
    ------
    FileRefusedError
        If one of them cannot be read to the right pixels and geometry.
    """
    path = Path(path)
    if path.is_dir():
        return _read_dicom_folder(path)
    promised, shown = format_from_name(path), format_from_content(path)
    kind = shown or promised
    if path.stat().st_size == 0:
        raise FileRefusedError(path, "it is empty", "Get it again from its source.")
    if kind is None or (shown is None and promised in ("png", "jpeg", "tiff", "nrrd", "meta")):
        raise _not_readable(path, promised)
    with refusing(path, "it cannot be decoded"):
        images = _READERS[kind](path)
    if shown and promised and shown != promised:
        note = f"The file's name promises {promised}, its content is {shown} and was read so."
        images = [replace(image, warnings=(*image.warnings, note)) for image in images]
    return images


def read_picture(path: Path, number: int) -> Image:
    """Read one picture of a TIFF that holds several.

    Raises
    ------
    FileRefusedError
        If it cannot be read, or is not there.
    """
    from medssl.io.tiff import read_tiff

    return read_tiff(path, number)[0]


def read_series(files: Sequence[Path], folder: Path) -> Image:
    """Read the DICOM files of one series as one image; `folder` names it in messages."""
    from medssl.io.dicom import read_dicom_series

    return read_dicom_series(files, folder)


def _read_dicom_folder(folder: Path) -> list[Image]:
    from medssl.io.dicom_headers import scan_dicom

    try:
        files = [f for f in sorted(folder.iterdir()) if f.is_file()]
    except OSError as error:
        raise unreadable(folder, error) from error
    dicom = [f for f in files if format_from_content(f) == "dicom"]
    dicom += [f for f in files if f not in dicom and format_from_name(f) == "dicom"]
    if not dicom:
        raise FileRefusedError(
            folder,
            "the folder holds no DICOM files",
            "Give one of its files, or list the folder to get all its images.",
        )
    series, broken = scan_dicom(dicom)
    if broken and not series:
        raise broken[0]
    images = [read_series(one.files, folder) for one in series]
    if not broken:
        return images
    names = ", ".join(error.path.name for error in broken[:5])
    note = f"{len(broken)} DICOM files of its folder were left out, since they are no images "
    note += f"or damaged: {names}{' ...' if len(broken) > 5 else ''}."
    return [replace(image, warnings=(*image.warnings, note)) for image in images]


def _not_readable(path: Path, promised: Format | None) -> FileRefusedError:
    kind = refused_kind(path)
    if kind:
        return FileRefusedError(path, f"it is {kind}, which medssl does not read", _CONVERT)
    if promised:
        return FileRefusedError(
            path,
            f"its name ends in {extension(path)}, but its content is not that",
            "The file is damaged or wrongly named: get it again, or rename it.",
        )
    return FileRefusedError(path, "it is not an image in a format that medssl reads", _FORMATS)


def _pictures(name: str) -> Callable[[Path], list[Image]]:
    def read(path: Path) -> list[Image]:
        from medssl.io import pictures

        return [pictures.read_png(path) if name == "png" else pictures.read_jpeg(path)]

    return read


def _read_tiff(path: Path) -> list[Image]:
    from medssl.io.tiff import read_tiff

    return read_tiff(path)


def _read_nifti(path: Path) -> list[Image]:
    from medssl.io.nifti import read_nifti

    return [read_nifti(path)]


def _read_nrrd(path: Path) -> list[Image]:
    from medssl.io.nrrd import read_nrrd

    return [read_nrrd(path)]


def _read_meta(path: Path) -> list[Image]:
    from medssl.io._itk import read_meta

    return [read_meta(path)]


def _read_dicom(path: Path) -> list[Image]:
    from medssl.io.dicom import read_dicom_file

    return [read_dicom_file(path)]


_READERS: dict[Format, Callable[[Path], list[Image]]] = {
    "png": _pictures("png"),
    "jpeg": _pictures("jpeg"),
    "tiff": _read_tiff,
    "nifti": _read_nifti,
    "nrrd": _read_nrrd,
    "meta": _read_meta,
    "dicom": _read_dicom,
}
