"""Files of segmentations in a cohort's folder: written once, never written over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from medssl.cohort import journal
from medssl.cohort.findings import SegmentationRecord
from medssl.cohort.places import SEGMENTATIONS, stored_path
from medssl.cohort.records import Source
from medssl.cohort.tables import Row
from medssl.io._atomic import write_binary

if TYPE_CHECKING:
    from medssl.io import Segmentation


def write_file(folder: Path, segmentation: Segmentation) -> Path:
    """Write a segmentation as a new file of the cohort; it is on the disk when this returns."""
    from medssl.io.seg_nrrd import ENDING, write_seg_nrrd

    return write_seg_nrrd(folder / SEGMENTATIONS / f"{uuid4().hex}{ENDING}", segmentation)


def segmentation_row(
    folder: Path,
    file: Path,
    segments: Sequence[str],
    source: Source,
    model: str | None,
    author: str | None,
    confidence: float | None = None,
) -> Row:
    """Give the columns of a segmentation, in the order of `tables.SEGMENTATIONS`."""
    return (
        stored_path(folder, file), file_fingerprint(file), json.dumps(list(segments)), source,
        model, author, journal.now(), confidence,
    )  # fmt: skip


def adopt_file(folder: Path, record: SegmentationRecord, known: str | None) -> Row:
    """Copy the file of another cohort's segmentation; give its columns here.

    `known` is the file of the same content that is here already. The copy has a name of its
    content: taken again, it is the same file.
    """
    name = f"{SEGMENTATIONS}/{record.fingerprint}{''.join(record.file.suffixes)}"
    copy = folder / (known or name)
    if not copy.is_file():
        with write_binary(copy) as file:
            file.write(record.file.read_bytes())
    return (
        stored_path(folder, copy), record.fingerprint, json.dumps(list(record.segments)),
        record.source, record.model, record.author, record.time, record.confidence,
    )  # fmt: skip


def file_fingerprint(file: Path) -> str:
    """Give the hash of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "blake2b").hexdigest()[:32]
