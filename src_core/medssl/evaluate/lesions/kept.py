"""Answers of the parts of an evaluation, kept on disk: one that was interrupted goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from medssl.errors import StorageError
from medssl.io._atomic import write_binary
from medssl.prepare import Case


@dataclass(frozen=True)
class Answer:
    """What is said of an image.

    Parameters
    ----------
    scores
        ``(K,)``: of each question, larger is likelier.
    maps
        ``(K, *working)``: where.
    """

    scores: NDArray[np.float64]
    maps: NDArray[np.float16]


Answers = dict[str, dict[str, Answer]]
"""By who answered, then by image."""


@dataclass
class KeptParts:
    """Where the answers of parts are kept.

    Parameters
    ----------
    folder
        The folder; None: nothing is kept.
    told
        Everything that the answers follow from, as JSON would have it.
    cases
        All images.
    """

    folder: Path | None
    told: Mapping[str, Any]
    cases: Sequence[Case]
    _images: str = field(default="", init=False)

    def read(
        self, part: int, taught: Sequence[str], who: Sequence[str]
    ) -> tuple[Answers, list[str]] | None:
        """Return the kept answers of a part and what was said of it.

        None where there are none, or they cannot be read: the part is then answered anew.
        """
        if self.folder is None:
            return None
        try:
            with np.load(self._path(part, taught), allow_pickle=False) as file:
                keys = [str(key) for key in file["keys"]]
                shapes = {case.key: case.array.shape[1:] for case in self.cases}
                scores = {name: file[f"scores/{name}"] for name in who}
                answers = {
                    name: {
                        key: Answer(
                            scores[name][n], _filling(file[f"maps/{name}/{n}"], shapes[key])
                        )
                        for n, key in enumerate(keys)
                    }
                    for name in who
                }
                return answers, [str(note) for note in file["notes"]]
        except (OSError, ValueError, KeyError, IndexError, BadZipFile):
            return None

    def write(
        self, part: int, taught: Sequence[str], answers: Answers, notes: Sequence[str]
    ) -> None:
        """Keep the answers of a part, and what was said of it.

        Raises
        ------
        StorageError
            If they cannot be written.
        """
        if self.folder is None:
            return
        keys = list(next(iter(answers.values())))
        arrays: dict[str, NDArray[Any]] = {
            "keys": np.array(keys, np.str_),
            "notes": np.array(list(notes), np.str_),
        }
        for name, given in answers.items():
            arrays[f"scores/{name}"] = np.stack([given[key].scores for key in keys])
            arrays |= {f"maps/{name}/{n}": given[key].maps for n, key in enumerate(keys)}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self.folder}: the folder for finished parts cannot be made "
                f"({error.strerror or error}). Choose another one"
            ) from error
        with write_binary(self._path(part, taught)) as opened:
            np.savez_compressed(opened, allow_pickle=False, **arrays)

    def _path(self, part: int, taught: Sequence[str]) -> Path:
        assert self.folder is not None
        whole = {**self.told, "images": self._fingerprint(), "part": part, "taught": list(taught)}
        text = json.dumps(whole, sort_keys=True)
        digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        return self.folder / f"part{part + 1}-{digest}.npz"

    def _fingerprint(self) -> str:
        """Hash of the prepared images and their names."""
        if not self._images:
            hashed = hashlib.blake2b(digest_size=16)
            for case in self.cases:
                hashed.update(f"{case.key} {case.array.shape}".encode())
                hashed.update(case.array.tobytes())
            self._images = hashed.hexdigest()
        return self._images


def _filling(maps: NDArray[np.float16], shape: tuple[int, ...]) -> NDArray[np.float16]:
    if maps.shape[1:] != shape:
        raise ValueError("maps of another size")
    return maps
