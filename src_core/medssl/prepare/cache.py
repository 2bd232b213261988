"""The array cache: memory-mapped ``.npy`` files keyed by content and settings."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import StorageError

ENVIRONMENT_VARIABLE = "MEDSSL_CACHE"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def default_cache_root() -> Path:
    """Folder of the cache: ``$MEDSSL_CACHE``, else the user's cache folder."""
    given = os.environ.get(ENVIRONMENT_VARIABLE)
    if given:
        return Path(given)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "napari-medssl" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "napari-medssl"


@dataclass(frozen=True)
class CachedArray:
    """A finished array in the cache, mapped only while it is used.

    A cohort may have thousands of them; each mapping holds a file open, so none is kept.
    """

    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int

    def open(self) -> np.memmap[Any, Any]:
        """Map the array, read-only.

        Raises
        ------
        StorageError
            If the file was deleted or cut since the cohort was prepared.
        """
        try:
            return np.memmap(self.path, self.dtype, "r", self.offset, self.shape)
        except (OSError, ValueError) as error:
            raise StorageError(
                f"{self.path}: the cached array is gone or cut short. "
                "Open the cohort again: it will be prepared anew."
            ) from error


class ArrayCache:
    """Arrays and small records on disk, safe against crashes and other processes.

    Everything is written to a temporary name in the same folder and renamed when complete. An
    entry that is missing, cut short or does not fit its record counts as absent.

    Parameters
    ----------
    root
        Folder, made when first written to. By default the user's cache folder, or
        ``$MEDSSL_CACHE``.
    """

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = Path(root) if root is not None else default_cache_root()

    def put_array(
        self, kind: str, key: str, array: NDArray[Any], record: dict[str, Any] | None = None
    ) -> CachedArray:
        """Store an array with a JSON record beside it, replacing what was there.

        Raises
        ------
        StorageError
            If the disk is full or the folder may not be written to.
        """
        array = np.ascontiguousarray(array)
        path = self._path(kind, key, ".npy")
        header = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}

        def write(file: IO[bytes]) -> None:
            np.lib.format.write_array_header_2_0(file, header)
            file.write(array.reshape(-1).view(np.uint8).data)

        size = self._write(path, write)
        entry = CachedArray(path, array.dtype.str, array.shape, size - array.nbytes)
        described = {
            "dtype": entry.dtype,
            "shape": list(entry.shape),
            "offset": entry.offset,
            "record": record or {},
        }
        self.put_record(kind, key, described)
        return entry

    def find_array(self, kind: str, key: str) -> tuple[CachedArray, dict[str, Any]] | None:
        """Look up an array and its record without reading it; None if absent or damaged."""
        described = self.get_record(kind, key)
        if described is None:
            return None
        path = self._path(kind, key, ".npy")
        try:
            entry = CachedArray(
                path, str(described["dtype"]), tuple(described["shape"]), int(described["offset"])
            )
            n_bytes = int(np.prod(entry.shape, dtype=np.int64)) * np.dtype(entry.dtype).itemsize
            with path.open("rb") as file:
                whole = os.fstat(file.fileno()).st_size == entry.offset + n_bytes
                whole = whole and file.read(6) == b"\x93NUMPY"
            record = dict(described["record"])
        except (OSError, KeyError, TypeError, ValueError):
            return None
        return (entry, record) if whole else None

    def get_array(self, kind: str, key: str) -> np.memmap[Any, Any] | None:
        """Map an array read-only; None if it is absent or damaged."""
        found = self.find_array(kind, key)
        return found[0].open() if found else None

    def put_record(self, kind: str, key: str, record: dict[str, Any]) -> None:
        """Store a small JSON record.

        Raises
        ------
        StorageError
            If the disk is full or the folder may not be written to.
        """
        data = json.dumps(record).encode()

        def write(file: IO[bytes]) -> None:
            file.write(data)

        self._write(self._path(kind, key, ".json"), write)

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """Read a record; None if it is absent or damaged."""
        try:
            record = json.loads(self._path(kind, key, ".json").read_bytes())
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def _path(self, kind: str, key: str, suffix: str) -> Path:
        return self.root / kind / key[:2] / f"{key}{suffix}"

    def _write(self, path: Path, write: Callable[[IO[bytes]], None]) -> int:
        with self._storage_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    write(file)
                    size = file.tell()
                temporary.replace(path)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise
        return size

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            remedy = f"Set {ENVIRONMENT_VARIABLE} to a folder with space that you may write to."
            if error.errno in _FULL:
                found = "the disk of the cache is full"
                remedy = f"Free some space and start again: what is done is kept. Or: {remedy}"
            elif error.errno in _FORBIDDEN:
                found = "no permission to write to the cache folder"
            else:
                found = f"the cache folder cannot be written to ({error.strerror or error})"
            raise StorageError(f"{self.root}: {found}. {remedy}") from error
