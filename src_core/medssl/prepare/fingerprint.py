"""What an image file contains, told by a hash that is computed once a file."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medssl.prepare.cache import ArrayCache

if TYPE_CHECKING:
    from medssl.io import ImageSource

_DETACHED = {
    ".mhd": re.compile(rb"^ElementDataFile\s*=\s*(.+?)\s*$", re.MULTILINE),
    ".nhdr": re.compile(rb"^data ?file:\s*(.+?)\s*$", re.MULTILINE),
}


def source_fingerprint(source: ImageSource, cache: ArrayCache) -> str:
    """Hash of the bytes of all files of a source, and of which picture in them it is.

    The cache keeps an index from path, size and modification time to the hash, so that an
    unchanged file is not read again. A copy of the file elsewhere has the same fingerprint.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    content = _content_fingerprint(source.files or (source.path,), cache)
    if not source.number:
        return content
    return hashlib.blake2b(f"{content}#{source.number}".encode(), digest_size=16).hexdigest()


def _content_fingerprint(given: Sequence[Path], cache: ArrayCache) -> str:
    files = with_data_files(given)
    stamp = hashlib.blake2b(digest_size=16)
    for path in files:
        status = path.stat()
        entry = (os.path.abspath(path), status.st_size, status.st_mtime_ns)  # noqa: PTH100
        stamp.update(repr(entry).encode())
    known = cache.get_record("index", stamp.hexdigest())
    if known is not None and isinstance(known.get("fingerprint"), str):
        return str(known["fingerprint"])
    content = hashlib.blake2b(digest_size=16)
    for path in files:
        with path.open("rb") as file:
            content.update(hashlib.file_digest(file, "blake2b").digest())
    fingerprint = content.hexdigest()
    cache.put_record("index", stamp.hexdigest(), {"fingerprint": fingerprint})
    return fingerprint


def with_data_files(files: Sequence[Path]) -> list[Path]:
    """Add to the files of an image those that hold its pixels, where a header names another."""
    found = list(files)
    for path in files:
        suffix = path.suffix.lower()
        if suffix in _DETACHED:
            named = _DETACHED[suffix].search(path.read_bytes())
            data = path.parent / os.fsdecode(named.group(1)) if named else path
        elif suffix == ".hdr":
            data = path.with_suffix(".img")
        else:
            continue
        if data not in found and data.is_file():
            found.append(data)
    return found
