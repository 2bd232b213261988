"""Errors that a person reads: what happened, to which file, and what to do."""

from __future__ import annotations

from pathlib import Path


class MedsslError(Exception):
    """Base of every error that medssl raises on purpose.

    The message is one readable line or two: what happened, to which file, what to do.
    The command line prints it and exits with code 2.
    """


class FileRefusedError(MedsslError):
    """A file or folder cannot be used.

    Parameters
    ----------
    path
        The file or folder.
    problem
        What was found, in plain words without a final full stop.
    remedy
        What the person can do about it.
    """

    def __init__(self, path: str | Path, problem: str, remedy: str) -> None:
        self.path = Path(path)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{self.path}: {problem}. {remedy}")

    def __reduce__(self) -> tuple[type, tuple[Path, str, str]]:
        return type(self), (self.path, self.problem, self.remedy)


class GeometryError(MedsslError):
    """Voxels and world do not fit together (wrong dimension, singular direction, ...)."""


class SettingsError(MedsslError):
    """A setting or an argument is outside of what can be done."""


class ModelError(MedsslError):
    """A model folder or run folder is damaged, missing, or made for other images."""


class StorageError(MedsslError):
    """Nothing can be written: the disk is full, or the folder may not be written to."""


class Cancelled(Exception):  # noqa: N818 - not an error: the person asked for it
    """Raised by a progress callback to stop the work at the next safe place."""
