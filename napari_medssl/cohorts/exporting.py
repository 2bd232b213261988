"""Export: what the open cohort holds, in the formats of the clinic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from medssl.progress import Progress
from napari_medssl.cohorts.opening import Opening

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.cohort.exporting import Exported

What = Literal["points", "masks", "labels", "sizes", "page"]

_LEFT_OUT = "not exported: "


@dataclass(frozen=True)
class ExportKind:
    """One line of the menu.

    Parameters
    ----------
    words
        As a person reads it.
    what
        What is written.
    kind
        Name of the format in `medssl.cohort.exporting`; empty for a single file.
    ending
        Of each file.
    """

    words: str
    what: What
    kind: str
    ending: str

    @property
    def is_file(self) -> bool:
        """Whether all goes into one file, and not into a folder."""
        return not self.kind


KINDS: tuple[ExportKind, ...] = (
    ExportKind("Points: one table (CSV)…", "points", "", ".csv"),
    ExportKind("Points: 3D Slicer, a file a case…", "points", "mrk.json", ".mrk.json"),
    ExportKind("Points: DICOM reports (SR)…", "points", "sr", ".dcm"),
    ExportKind("Masks: 3D Slicer (.seg.nrrd)…", "masks", "seg.nrrd", ".seg.nrrd"),
    ExportKind("Masks: NIfTI…", "masks", "nifti", ".nii.gz"),
    ExportKind("Masks: PNG (pictures)…", "masks", "png", ".png"),
    ExportKind("Masks: DICOM SEG…", "masks", "seg", ".dcm"),
    ExportKind("Masks: sizes and confidences (CSV)…", "sizes", "", ".csv"),
    ExportKind("Labels: one table (CSV)…", "labels", "", ".csv"),
    ExportKind("A page about the cohort (HTML)…", "page", "", ".html"),
)


MASK_KINDS = tuple(kind for kind in KINDS if kind.what in ("masks", "sizes"))


class Exporting(Opening):
    """Writes results in the thread of the imports, with progress and cancel."""

    def export(self, kind: ExportKind, place: Path) -> None:
        """Write to a file (which a person has agreed to replace) or into a folder."""
        path = self.path
        if path is None:
            return
        self._say("busy", "Exporting")

        def written(done: tuple[str, tuple[str, ...]]) -> None:
            words, left_out = done
            others = tuple(note for note in self.notes if not note.startswith(_LEFT_OUT))
            notes = others + tuple(f"{_LEFT_OUT}{one}" for one in left_out)
            if notes != self.notes:
                self.notes = notes
                self.import_changed.emit()
            self._say("done", words)

        self._run(self._importing, lambda progress: _write(path, kind, place, progress), written)


def _write(
    path: Path, kind: ExportKind, place: Path, progress: Progress
) -> tuple[str, tuple[str, ...]]:
    """Write; give what was written in words, and what was left out."""
    from medssl.cohort import Cohort

    with Cohort.open(path) as cohort:
        if kind.what == "page":
            from medssl.cohort.report import write_report

            page = write_report(cohort, place, overwrite=True, progress=progress)
            return f"{page.cases} cases described in {place.name}", ()
        done = _exported(cohort, kind, place, progress)
    one = "mask" if kind.what == "sizes" else kind.what.removesuffix("s")
    count = f"{done.count} {one}{'' if done.count == 1 else 's'}"
    files = place.name if kind.is_file else f"{_files(len(done.files))} in {place.name}"
    left = f" · {len(done.problems)} not, see below" if done.problems else ""
    return f"{count} written to {files}{left}", tuple(done.problems)


def _exported(cohort: Cohort, kind: ExportKind, place: Path, progress: Progress) -> Exported:
    from medssl.cohort import exporting
    from medssl.cohort.sizes import export_sizes

    if kind.is_file:
        write = {
            "points": exporting.export_points_table,
            "labels": exporting.export_labels,
            "sizes": export_sizes,
        }[kind.what]
        return write(cohort, place, overwrite=True)
    each = exporting.export_points if kind.what == "points" else exporting.export_segmentations
    return each(cohort, place, kind.kind, kind.ending, progress=progress)


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
