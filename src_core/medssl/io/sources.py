"""What can be read, before anything is read: the images in a folder, a list or a file."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from medssl.errors import FileRefusedError
from medssl.io.dicom_headers import Series, scan_dicom
from medssl.io.formats import (
    extension,
    format_from_content,
    format_from_name,
    refused_kind,
    unreadable,
)
from medssl.io.image import Image
from medssl.io.label_folders import without_label_maps
from medssl.io.reading import read_image, read_picture, read_series
from medssl.progress import Progress, silent


@dataclass(frozen=True)
class ImageSource:
    """An image that can be read and is not read yet.

    Parameters
    ----------
    path
        The file, or the folder of a DICOM series.
    key
        Unique within a cohort: the path relative to the folder given, with forward slashes;
        ``#1``, ``#2`` ... are appended for further series of the same folder or file.
    name
        Short name to show, without patient data.
    files
        The files that it is read from.
    number
        Which picture of a file that holds several; None: the file is one image.
    """

    path: Path
    key: str
    name: str
    files: tuple[Path, ...]
    number: int | None = None

    def read(self) -> Image:
        """Read it.

        Raises
        ------
        FileRefusedError
            If it cannot be read.
        """
        if len(self.files) > 1 or self.path.is_dir():
            return read_series(self.files, self.path)
        if self.number is not None:
            return read_picture(self.path, self.number)
        return read_image(self.path)


@dataclass(frozen=True)
class Problem:
    """A file that cannot be used, and why."""

    path: Path
    message: str


@dataclass(frozen=True)
class ImageListing:
    """What a folder or list holds.

    Parameters
    ----------
    sources
        The images.
    problems
        Files that should be images and are not.
    notes
        What was left out on purpose though nothing is wrong with it: folders of label maps.
    """

    sources: tuple[ImageSource, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort key under which ``image2`` comes before ``image10``."""
    parts = re.split(r"(\d+)", text.lower())
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p]


def list_images(
    where: str | Path | Sequence[str | Path], progress: Progress = silent
) -> ImageListing:
    """List the images of a folder (with its subfolders), a file, or several of them.

    A ``.txt`` file is a list, one path a line, relative to its own folder. Only names and
    headers are read. The DICOM files of one folder are sorted into series. Label maps would pass
    for images: where a folder holds images, its subfolders that are named for label maps
    (`medssl.io.label_folders`) are left out and named in the notes.

    Raises
    ------
    FileRefusedError
        If `where` does not exist, or nothing in it is an image or meant to be one.
    """
    given = [Path(where)] if isinstance(where, (str, Path)) else [Path(w) for w in where]
    found: list[tuple[Path, Path]] = []  # (file, folder that its key is relative to)
    problems: list[Problem] = []
    notes: list[str] = []
    for path in given:
        for entry in _read_list(path) if extension(path) == ".txt" else [path]:
            if entry.is_dir():
                found += [(file, entry) for file in _files_under(entry, problems, notes)]
            elif len(given) == 1 and entry == path and not entry.exists():
                raise unreadable(path, FileNotFoundError())
            else:
                found.append((entry, entry.parent))
    listing = _sort_out(found, problems, progress, keep_unknown=_only_files(given))
    if not listing.sources and not listing.problems:
        remedy = "Give a folder with images (NIfTI, NRRD, MHA, DICOM, TIFF, PNG, JPEG)."
        raise FileRefusedError(
            given[0] if given else Path(), "there are no images in it", " ".join([*notes, remedy])
        )
    return replace(listing, notes=tuple(notes))


def read_folder(folder: str | Path) -> tuple[list[Image], list[Problem]]:
    """Read all images of a folder; what is left out becomes a problem, the rest goes on.

    Raises
    ------
    FileRefusedError
        If the folder does not exist or holds no images.
    """
    listing = list_images(folder)
    left_out = [Problem(Path(folder), note) for note in listing.notes]
    images, problems = [], [*listing.problems, *left_out]
    for source in listing.sources:
        try:
            images.append(source.read())
        except FileRefusedError as error:
            problems.append(Problem(error.path, str(error)))
    return images, problems


def _only_files(given: Sequence[Path]) -> bool:
    return all(not path.is_dir() and extension(path) != ".txt" for path in given)


def _read_list(path: Path) -> list[Path]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise FileRefusedError(
            path, "it is not a list of paths", "Write one path a line, in UTF-8."
        ) from error
    return [path.parent / line.strip() for line in lines if line.strip()]


def _files_under(folder: Path, problems: list[Problem], notes: list[str]) -> list[Path]:
    files: list[Path] = []

    def say(error: OSError) -> None:
        blocked = Path(error.filename or folder)
        problems.append(Problem(blocked, str(unreadable(blocked, error))))

    for parent, folders, names in os.walk(folder, onerror=say):
        folders[:] = [f for f in folders if not f.startswith(".")]
        files += [Path(parent) / name for name in names if not name.startswith(".")]
    files, left_out = without_label_maps(folder, files)
    notes += left_out.values()
    return sorted(files, key=lambda file: natural_key(file.relative_to(folder).as_posix()))


def _sort_out(
    found: Iterable[tuple[Path, Path]],
    problems: list[Problem],
    progress: Progress,
    keep_unknown: bool,
) -> ImageListing:
    entries: list[tuple[str, ImageSource]] = []
    dicom: dict[tuple[Path, Path], list[Path]] = {}
    pairs = list({file: (file, base) for file, base in reversed(list(found))}.values())[::-1]
    for done, (file, base) in enumerate(pairs):
        progress(done, len(pairs), f"looking at {file.name}")
        promised = format_from_name(file)
        try:
            shown = format_from_content(file)
        except FileRefusedError as error:
            if promised or keep_unknown:
                problems.append(Problem(file, str(error)))
            continue
        if shown == "dicom" or (promised == "dicom" and shown is None):
            dicom.setdefault((file.parent, base), []).append(file)
        elif kind := refused_kind(file):
            problems.append(Problem(file, f"{file}: it is {kind}, which medssl does not read."))
        elif (promised or keep_unknown) and not _is_data_of_header(file):
            key = file.relative_to(base).as_posix()
            entries += _file_sources(file, key, shown == "tiff")
    for (folder, base), files in dicom.items():
        series, broken = scan_dicom(files, progress)
        problems += [Problem(error.path, str(error)) for error in broken]
        entries += _dicom_sources(series, folder, base)
    entries.sort(key=lambda entry: natural_key(entry[0]))
    return ImageListing(tuple(source for _, source in _unique(entries)), tuple(problems))


def _is_data_of_header(file: Path) -> bool:
    """Whether the file is the ``.img`` of a ``.hdr``: that pair is one image."""
    return file.suffix.lower() == ".img" and any(
        file.with_suffix(s).is_file() for s in (".hdr", ".HDR")
    )


def _file_sources(file: Path, key: str, tiff: bool) -> list[tuple[str, ImageSource]]:
    """Return the one image of a file, or each series of a TIFF of several."""
    whole = [(key, ImageSource(file, key, file.name, (file,)))]
    if not tiff:
        return whole
    from medssl.io.tiff import count_series

    count = count_series(file)
    if count == 1:
        return whole
    ends = ["", *(f"#{number}" for number in range(1, count))]
    return [
        (key + end, ImageSource(file, key + end, file.name + end, (file,), number))
        for number, end in enumerate(ends)
    ]


def _dicom_sources(
    series: Sequence[Series], folder: Path, base: Path
) -> list[tuple[str, ImageSource]]:
    entries = []
    stacks = 0
    for one in series:
        if len(one.files) == 1:
            path, key = one.files[0], one.files[0].relative_to(base).as_posix()
        else:
            relative = folder.relative_to(base).as_posix()
            path, key = folder, (folder.name if relative == "." else relative)
            key += f"#{stacks}" if stacks else ""
            stacks += 1
        entries.append((key, ImageSource(path, key, one.name, one.files)))
    return entries


def _unique(entries: Sequence[tuple[str, ImageSource]]) -> list[tuple[str, ImageSource]]:
    """Tell images of one key from several places apart: by their whole path, then by number."""
    counts = Counter(key for key, _ in entries)
    taken = {key for key in counts if counts[key] == 1}
    result = []
    for key, source in entries:
        unique = key
        if counts[key] > 1:
            unique = whole = source.path.as_posix()
            number = 0
            while unique in taken:
                number += 1
                unique = f"{whole}#{number}"
            taken.add(unique)
        result.append((unique, replace(source, key=unique)))
    return result
