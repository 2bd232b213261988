"""Maps, regions and scores as files, in a folder of their own that nothing else is in."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medssl.progress import Progress
from napari_medssl.lesions.fits import scores_file
from napari_medssl.lesions.showing import Showing

What = Literal["case", "all", "scores"]


@dataclass(frozen=True)
class LesionExport:
    """One line of the menu: as a person reads it, and what is written."""

    words: str
    what: What


KINDS = (
    LesionExport("This image: map, regions, scores…", "case"),
    LesionExport("All images: maps, regions, scores…", "all"),
    LesionExport("Scores of all images: one table (CSV)…", "scores"),
)


class Exporting(Showing):
    """Writes results in the thread that makes maps, with progress and cancel."""

    exporting = False

    def export_findings(self, what: What, place: Path) -> None:
        """Write into a new folder within `place`; nothing that is there is touched."""
        fit, path = self.fit, self.path
        if fit is None or path is None:
            return
        key, method, threshold, name = self.key, self.method, self.threshold, self.name
        self._say("busy", "Exporting")
        self.exporting = True

        def write(progress: Progress) -> str:
            from medssl.cohort import Cohort

            folder = new_folder(place, f"{name} lesions")
            if what == "scores":
                return write_scores(fit.run, folder)
            with Cohort.open(path) as cohort:
                cases = cohort.cases() if what == "all" else [cohort.case(str(key))]
                sources = [case.source() for case in cases]
            number = self.engine.export(fit.run, sources, folder, method, threshold, progress)
            regions = f"{number} region{'' if number == 1 else 's'}"
            images = f"{len(sources)} image{'' if len(sources) == 1 else 's'}"
            return f"{regions} of {images} written to {folder.name}. Not for diagnosis."

        def written(words: str) -> None:
            self.exporting = False
            self._say("done", words)

        def failed(error: BaseException) -> None:
            self.exporting = False
            self._failed(error)

        self._run(self.mapper, write, written, failed)


def new_folder(place: Path, name: str) -> Path:
    """Name a folder that is not there yet: ``name``, ``name 2``, ``name 3``, ..."""
    folder, number = place / name, 1
    while folder.exists():
        number += 1
        folder = place / f"{name} {number}"
    return folder


def write_scores(run: Path, folder: Path) -> str:
    """Write the scores of a fit, with the notice beside them.

    Raises
    ------
    medssl.errors.StorageError
        If they cannot be written.
    """
    from medssl.errors import StorageError
    from medssl.lesions.writing import NOTICE_NAME, SCORES_NAME, notice_text

    try:
        folder.mkdir(parents=True)
        shutil.copyfile(scores_file(run), folder / SCORES_NAME)
        (folder / NOTICE_NAME).write_text(notice_text(), encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{folder}: the scores cannot be written there ({error.strerror or error}). Free some "
            "space or choose another folder."
        ) from error
    return f"Scores written to {folder.name}. Not for diagnosis."
