"""A protocol on the disk: a folder with one JSON, the template images, and maybe a model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from medssl.errors import FileRefusedError, SettingsError, StorageError
from medssl.io._atomic import write_text
from medssl.protocols.definition import (
    LandmarkDefinition,
    MeasurementDefinition,
    ProtocolDefinition,
)
from medssl.protocols.grammar import plain_words

SUFFIX = ".protocol"
FILE = "protocol.json"
MODEL = "model"
_MOST_BYTES = 16 << 20
_OTHER = "Give a folder that medssl protocol save has made; its name ends in .protocol."


@dataclass(frozen=True)
class Protocol:
    """A protocol and the folder that it lies in."""

    folder: Path
    definition: ProtocolDefinition

    @property
    def landmarks(self) -> tuple[LandmarkDefinition, ...]:
        """Its landmarks."""
        return self.definition.landmarks

    @property
    def measurements(self) -> tuple[MeasurementDefinition, ...]:
        """What is measured."""
        return self.definition.measurements

    @property
    def model(self) -> str | Path:
        """What its landmarks are found with: ``"instant"``, or its model folder."""
        return self.folder / MODEL if self.definition.model == "model" else "instant"

    def with_measurements(self, measurements: tuple[MeasurementDefinition, ...]) -> Protocol:
        """Write other measurements into the folder and give the protocol that it then is.

        Raises
        ------
        SettingsError
            If one of them names what is no landmark, or a name comes twice.
        StorageError
            If it cannot be written; it then stays as it was.
        """
        values = self.definition.model_dump() | {
            "measurements": [one.model_dump() for one in measurements]
        }
        definition = checked(values)
        write_definition(self.folder, definition)
        return Protocol(self.folder, definition)


def open_protocol(folder: str | Path) -> Protocol:
    """Open a protocol; ``.protocol`` may be left out of its name.

    Nothing in it is run: it holds one JSON, images as NRRD, and maybe a model folder.

    Raises
    ------
    FileRefusedError
        If it is none, is damaged, or a newer medssl has written it.
    """
    path = Path(folder)
    if not path.exists():
        complete = path.with_name(path.name + SUFFIX)
        path = complete if complete.is_dir() else path
    file = path / FILE
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise FileRefusedError(file, "it is far too large for a protocol", _OTHER)
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        what = f"it holds no {FILE}" if path.is_dir() else "there is no such folder"
        raise FileRefusedError(path, f"this is no protocol ({what})", _OTHER) from error
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefusedError(file, f"it cannot be read ({error})", _OTHER) from error
    try:
        definition = ProtocolDefinition.model_validate_json(text)
    except ValidationError as error:
        problem, remedy = f"it is damaged ({plain_words(error)})", "Restore it from a copy."
        if any(part["loc"] == ("format",) for part in error.errors(include_url=False)):
            problem = "a newer medssl has written it"
            remedy = "Update napari-medssl (pip install -U napari-medssl) and open it again."
        raise FileRefusedError(file, problem, remedy) from error
    absent = [t.file for t in definition.templates if not (path / t.file).is_file()]
    if absent:
        raise FileRefusedError(path, f"its image {absent[0]} is gone", "Restore it from a copy.")
    if definition.model == "model" and not (path / MODEL).is_dir():
        raise FileRefusedError(path, "its model is gone", "Restore it, or give one with --model.")
    return Protocol(path, definition)


def checked(values: dict[str, object]) -> ProtocolDefinition:
    """Make a definition of plain values.

    Raises
    ------
    SettingsError
        If they do not fit together.
    """
    try:
        return ProtocolDefinition.model_validate(values)
    except ValidationError as error:
        raise SettingsError(f"the protocol cannot be made: {plain_words(error)}") from error


def write_definition(folder: Path, definition: ProtocolDefinition) -> None:
    """Write ``protocol.json`` of a folder, whole or not at all."""
    with write_text(folder / FILE) as file:
        file.write(definition.model_dump_json(indent=2) + "\n")


def make_folder(folder: Path, overwrite: bool, fill: Callable[[Path], None]) -> None:
    """Let `fill` make a folder that takes its name when it is whole.

    Raises
    ------
    FileRefusedError
        If there is something of that name, and `overwrite` is False or it is no protocol.
    StorageError
        If it cannot be written; what was there then stays.
    """
    if folder.exists() and not overwrite:
        raise FileRefusedError(
            folder, "there is such a protocol already", "Give another name, or ask to overwrite it."
        )
    if folder.exists() and not (folder / FILE).is_file():
        raise FileRefusedError(folder, "it is no protocol, and is not replaced", _OTHER)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".part-", dir=folder.parent) as part:
            draft = Path(part) / "new"
            draft.mkdir()
            fill(draft)
            if folder.exists():
                folder.rename(Path(part) / "old")
            draft.rename(folder)
    except OSError as error:
        raise StorageError(
            f"{folder}: it cannot be written ({error.strerror or error}). "
            "Choose another folder, or free some space on the disk."
        ) from error


def copy_model(model: Path, folder: Path) -> None:
    """Copy a model folder's own files into a protocol; nothing else that may lie beside them."""
    target = folder / MODEL
    target.mkdir()
    for file in sorted(model.iterdir()):
        if file.is_file() and file.suffix in (".json", ".safetensors", ".md"):
            shutil.copyfile(file, target / file.name)
