"""The cohort: images and all that was said about them, in a folder that loses nothing."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from medssl.cohort import journal
from medssl.cohort.opening import check_folder, connect, make_folder
from medssl.cohort.parts.alternatives import Alternatives
from medssl.cohort.parts.corrections import Corrections
from medssl.cohort.parts.glance import Glance
from medssl.cohort.parts.incoming import Incoming
from medssl.cohort.parts.joining import Joining
from medssl.cohort.parts.labels import Labels
from medssl.cohort.parts.landmarks import Landmarks
from medssl.cohort.parts.moving import Moving
from medssl.cohort.parts.points import Points
from medssl.cohort.parts.runs import Runs
from medssl.cohort.parts.segmentations import Segmentations


class Cohort(
    Joining,
    Landmarks,
    Points,
    Corrections,
    Labels,
    Segmentations,
    Alternatives,
    Incoming,
    Runs,
    Moving,
    Glance,
):
    """A folder ``<name>.medssl`` with what people and models have said about a set of images.

    Each action of a person is one transaction, on the disk when the call returns, and can be
    undone and redone in this session or a later one. A prediction lies beside what a person said,
    never over it, and is not part of undo. The calls may come from any thread.

    Make one with `create` or `open`; close it with `close` or use it in a ``with`` block.

    Attributes
    ----------
    path
        The cohort's folder.
    """

    @classmethod
    def create(cls, folder: str | Path) -> Cohort:
        """Make an empty cohort; ``.medssl`` is appended to the folder's name if it is not there.

        Raises
        ------
        CohortError
            If there is a cohort already.
        CohortStorageError
            If the folder cannot be written.
        """
        path = make_folder(Path(folder).absolute())
        return cls(path, connect(path))

    @classmethod
    def open(cls, folder: str | Path) -> Cohort:
        """Open a cohort; an older schema is brought up to date first.

        Raises
        ------
        NotACohortError
            If the folder holds no cohort.
        CohortVersionError
            If a newer medssl has written it.
        CohortDamagedError
            If the database is damaged.
        CohortLockedError, CohortStorageError
            If another program holds it, or it cannot be written.
        """
        path = Path(folder).absolute()
        check_folder(path)
        return cls(path, connect(path))

    @property
    def loss(self) -> str | None:
        """What the drive had lost when the cohort was opened, in words; None if nothing."""
        return self._db.loss

    def close(self) -> None:
        """Close the cohort; call it when no other thread is using it."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def undo(self) -> str | None:
        """Take back the person's last action; give what it was, None if there is nothing."""
        with self._db.write() as connection:
            return journal.undo(connection)

    def redo(self) -> str | None:
        """Do again what was undone last; give what it was, None if there is nothing."""
        with self._db.write() as connection:
            return journal.redo(connection)

    def next_undo(self) -> str | None:
        """Say what `undo` would take back; None if nothing."""
        with self._db.read() as connection:
            return journal.next_undo(connection)

    def next_redo(self) -> str | None:
        """Say what `redo` would do again; None if nothing."""
        with self._db.read() as connection:
            return journal.next_redo(connection)
