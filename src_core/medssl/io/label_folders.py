"""Label maps beside images: data sets keep them in subfolders of well-known names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medssl.io.formats import format_from_name

#: Names, in lower case, of subfolders that hold label maps of the images beside them.
LABEL_FOLDERS = frozenset(
    {
        *("mask", "masks", "label", "labels", "labelstr", "labelsts"),
        *("seg", "segs", "segmentation", "segmentations"),
        *("annotation", "annotations", "groundtruth", "ground_truth", "gt"),
    }
)


def without_label_maps(folder: Path, files: Sequence[Path]) -> tuple[list[Path], dict[Path, str]]:
    """Leave out the subfolders of label maps, if anything beside them may be an image.

    Parameters
    ----------
    folder
        What a person opened; its own name does not matter.
    files
        All files below it.

    Returns
    -------
    kept
        The files that stay, in their order.
    left_out
        For each subfolder that is left out, what to tell the person.
    """
    kept: list[Path] = []
    numbers: dict[Path, int] = {}
    for file in files:
        inner = file.relative_to(folder).parts[:-1]
        depth = next((i for i, part in enumerate(inner, 1) if part.lower() in LABEL_FOLDERS), 0)
        if depth:
            place = folder.joinpath(*inner[:depth])
            numbers[place] = numbers.get(place, 0) + (format_from_name(file) is not None)
        else:
            kept.append(file)
    if not any(format_from_name(file) or _may_be_dicom(file) for file in kept):
        return list(files), {}
    return kept, {place: _message(place, number) for place, number in numbers.items() if number}


def _may_be_dicom(file: Path) -> bool:
    return not file.suffix or file.suffix[1:].isdigit()


def _message(place: Path, number: int) -> str:
    files = "1 file" if number == 1 else f"{number} files"
    return (
        f"{place}: a folder of label maps ({files}) was left out. "
        "Open this folder itself to use them as images."
    )
