"""The cache survives damage and says what is wrong with the disk."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from medssl.errors import StorageError
from medssl.prepare import ArrayCache


@pytest.fixture
def cache(tmp_path: Path) -> ArrayCache:
    return ArrayCache(tmp_path / "cache")


def test_arrays_come_back_mapped(cache: ArrayCache) -> None:
    array = np.arange(24, dtype=np.float16).reshape(2, 3, 4)
    cache.put_array("kind", "abcd", array, {"a": 1})
    found = cache.get_array("kind", "abcd")
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, array)
    np.testing.assert_array_equal(np.load(found.filename), array)
    assert cache.get_array("kind", "other") is None


@pytest.mark.parametrize("suffix", [".npy", ".json"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "garbage"])
def test_damaged_entries_count_as_absent(cache: ArrayCache, suffix: str, damage: str) -> None:
    entry = cache.put_array("kind", "abcd", np.ones((50, 50)))
    path = entry.path.with_suffix(suffix)
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        new = {"cut": data[: len(data) // 2], "empty": b"", "garbage": b"\x00" * len(data)}
        path.write_bytes(new[damage])
    assert cache.get_array("kind", "abcd") is None
    cache.put_array("kind", "abcd", np.ones((50, 50)))
    assert cache.get_array("kind", "abcd") is not None


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk of the cache is full"), (errno.EROFS, "no permission"), (5, "cannot be")],
)
def test_storage_errors_name_folder_and_remedy(
    cache: ArrayCache, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    cache.put_array("kind", "kept", np.ones(3))

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, "simulated")

    monkeypatch.setattr(np.lib.format, "write_array_header_2_0", fail)
    with pytest.raises(StorageError, match=words) as caught:
        cache.put_array("kind", "new1", np.ones(3))
    assert str(cache.root) in str(caught.value)
    assert "MEDSSL_CACHE" in str(caught.value)
    assert cache.get_array("kind", "kept") is not None
    assert cache.get_array("kind", "new1") is None
    assert not list(cache.root.rglob(".part-*"))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        ArrayCache(tmp_path / "file" / "cache").put_record("kind", "abcd", {})


def test_environment_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSSL_CACHE", str(tmp_path / "mine"))
    assert ArrayCache().root == tmp_path / "mine"


def test_an_entry_deleted_meanwhile(cache: ArrayCache) -> None:
    entry = cache.put_array("kind", "abcd", np.ones(3))
    entry.path.unlink()
    with pytest.raises(StorageError, match="prepared anew"):
        entry.open()
