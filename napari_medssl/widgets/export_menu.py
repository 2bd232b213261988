"""The menu of exports, and the question where to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from napari_medssl.cohorts.exporting import ExportKind
from napari_medssl.widgets.parts import button


def export_button(kinds: Sequence[ExportKind], want: Callable[[ExportKind], None]) -> QPushButton:
    """Make a button that offers kinds of exports."""
    made = button("Export… ▾", "Write points, masks, labels, or a page", lambda: None)
    menu = QMenu(made)
    for kind in kinds:
        menu.addAction(kind.words).triggered.connect(lambda _=False, kind=kind: want(kind))
    made.setMenu(menu)
    return made


def ask_place(parent: QWidget, kind: ExportKind, name: str) -> Path | None:
    """Ask for the file or the folder of an export; None if a person thinks better of it."""
    words = kind.words.removesuffix("…")
    if kind.is_file:
        chosen, _ = QFileDialog.getSaveFileName(
            parent, words, f"{name}{kind.ending}", f"*{kind.ending}"
        )
    else:
        chosen = QFileDialog.getExistingDirectory(parent, words)
    return Path(chosen) if chosen else None
