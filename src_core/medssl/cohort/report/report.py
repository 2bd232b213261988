"""Write a cohort as one HTML file that holds all it needs and asks for nothing from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medssl.cohort.report import readings, sections
from medssl.cohort.report.errors import error_rows
from medssl.cohort.report.markup import name, paragraph, section, text
from medssl.cohort.report.sheets import Sheets
from medssl.cohort.report.shown import ShownCases
from medssl.cohort.report.style import STYLE
from medssl.cohort.store import Cohort
from medssl.errors import SettingsError
from medssl.io._atomic import refuse_existing, write_text
from medssl.progress import Progress, silent

SHEET = 12
NOTICE = "Research software, not for diagnosis."
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PRIVACY = (
    "Patients and studies are shown by codes that differ from cohort to cohort; their ids are not "
    "in this file."
)
_NO_PATHS = (
    " Folders are left out, and names of DICOM files that hold the patient’s name or id are "
    "replaced. The pictures are shown as they are: text that is burnt into them stays."
)
_PATHS = " This page was written with the paths of the images and models."


@dataclass(frozen=True)
class Report:
    """What was written.

    Parameters
    ----------
    path
        The file.
    cases, corrections, pictures
        Number of cases, of predictions that people have moved, and of thumbnails.
    """

    path: Path
    cases: int
    corrections: int
    pictures: int


def write_report(
    cohort: Cohort,
    path: Path,
    sheet: int = SHEET,
    paths: bool = False,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Report:
    """Write the report of a cohort.

    Parameters
    ----------
    cohort
        The cohort.
    path
        An ``.html`` file.
    sheet
        Number of thumbnails in a contact sheet at most; 0 leaves the sheets out.
    paths
        Whether folders and files are named.
    overwrite
        Replace such a file.
    progress
        Told about each thumbnail.

    Raises
    ------
    SettingsError
        If the name does not end in ``.html``, or `sheet` is negative.
    FileRefusedError
        If there is such a file already.
    StorageError
        If it cannot be written.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise SettingsError(f"{path}: a report is a page. Its name must end in .html")
    if sheet < 0:
        raise SettingsError(f"a sheet of {sheet} pictures cannot be drawn. Give 0 or more")
    refuse_existing(path, overwrite)
    records, summaries = cohort.cases(), cohort.overview()
    shown = ShownCases(records, paths)
    answered = cohort.corrections()
    drawn = Sheets(cohort, shown, answered, sheet, progress).html()
    runs = readings.model_runs(cohort.runs(), paths)
    parts = {
        "cases": ("Cases", sections.case_counts(summaries)),
        "points": ("Landmarks", sections.landmark_counts(cohort, len(records))),
        "errors": ("Predictions against corrections", sections.error_tables(error_rows(answered))),
        "sheets": ("Contact sheets", drawn),
        "labels": ("Labels", sections.label_counts(cohort)),
        "masks": ("Masks", sections.mask_counts(cohort)),
        "second": ("Second readings", readings.second_readings(cohort, shown, paths)),
        "flagged": ("Flagged cases", sections.flagged(summaries, records, shown, paths)),
        "models": ("Models and data", runs + readings.data_and_people(cohort, records)),
    }
    content = "".join(section(mark, *part) for mark, part in parts.items())
    links = "".join(
        f'<li><a href="#{mark}">{text(title)}</a></li>'
        for mark, (title, body) in parts.items()
        if body
    )
    start = f"{sections.facts(cohort, summaries)}<nav><ul>{links}</ul></nav>\n"
    with write_text(path) as file:
        file.write(_page(cohort, start + content, paths))
    return Report(
        path, len(records), sum(one.distance > 0 for one in answered), drawn.count("<figure>")
    )


def _page(cohort: Cohort, content: str, paths: bool) -> str:
    title = f"Cohort {cohort.path.stem}"
    time = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    place = f"<br>{name(cohort.path)}" if paths else ""
    privacy = _PRIVACY + (_PATHS if paths else _NO_PATHS)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>Cohort {name(cohort.path.stem)}</h1>\n"
        f'<p class="sub">{text(sections.made_by())}, {time}{place}</p>\n'
        f'<p class="notice">{NOTICE}</p>\n</header>\n<main>\n{content}</main>\n'
        f'<footer class="note">{paragraph(text(privacy))}{paragraph(NOTICE)}</footer>\n'
        "</body>\n</html>\n"
    )
