"""Every awkward file does what the table in docs/formats.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest

from medssl.errors import FileRefusedError
from medssl.io import read_image, read_images

DOCS = Path(__file__).resolve().parents[3] / "docs" / "formats.md"
FOLDERS = [
    "reader_cases/cornerstone",
    "reader_cases/nibabel",
    "reader_cases/niivue",
    "reader_cases/pynrrd",
    "reader_cases/pydicom",
    "volumes/dcmqi",
    "volumes/dcm_qa_ct",
    "volumes/elastix",
    "volumes/mni152",
    "volumes/pyradiomics",
    "volumes/sct_errsm30",
    "volumes/totalsegmentator",
]


def rows() -> Iterator[tuple[list[str], str]]:
    table = DOCS.read_text(encoding="utf-8").split("## Awkward files")[1]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and "`" in cells[0]:
            yield re.findall(r"`([^`]+)`", cells[0]), cells[1]


def promised(relative: str) -> str:
    for patterns, result in rows():
        if any(fnmatchcase(relative, p.replace("**/", "*")) for p in patterns):
            return result
    pytest.fail(f"{relative} stands in no row of docs/formats.md")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_read_or_refused_as_documented(data_dir, folder):
    files = sorted(f for f in (data_dir / folder).rglob("*") if f.is_file())
    assert files
    for path in files:
        result = promised(path.relative_to(data_dir).as_posix())
        if result == "refused":
            with pytest.raises(FileRefusedError) as caught:
                read_images(path)
            assert path.name in str(caught.value)
            assert caught.value.remedy.endswith(".")
        else:
            image = read_image(path)
            assert f"read {image.axes}" == result, path.name
            assert np.isfinite(image.grid.affine).all()
            assert image.array.dtype.isnative


def test_no_folder_is_forgotten(data_dir):
    for part in ("reader_cases", "volumes"):
        found = {f"{part}/{f.name}" for f in (data_dir / part).iterdir() if f.is_dir()}
        assert found <= set(FOLDERS)
