"""A form for the fields of a typed model: a spin box, a list or a check box for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from napari_medssl.training.fields import FormField
from napari_medssl.widgets.parts import label

_MOST = 1_000_000
UNSET = "not set"


class Choices(QComboBox):
    """A list that the wheel does not change while it scrolls the dock."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the dock."""
        event.ignore()


class _Whole(QSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        event.ignore()


class _Number(QDoubleSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        event.ignore()


class SettingsForm(QWidget):
    """One line a setting, with its description on hover; what is not set stays unset.

    Signals
    -------
    changed
        A person changed a setting.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(12, 0, 0, 0)
        self._layout.setVerticalSpacing(4)
        self._layout.setHorizontalSpacing(10)
        self._fields: dict[str, FormField] = {}
        self._editors: dict[str, QWidget] = {}
        self._recipe: str | None = None

    def set_fields(self, fields: Sequence[FormField]) -> None:
        """Build the lines anew."""
        while self._layout.rowCount():
            self._layout.removeRow(0)
        self._fields = {field.name: field for field in fields}
        self._editors = {}
        for field in fields:
            editor = self._make(field)
            caption = label(field.words, "caption")
            for part in (caption, editor):
                part.setToolTip(f"<p>{field.description}</p>")
            editor.setAccessibleName(field.words)
            editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._editors[field.name] = editor
            self._layout.addRow(caption, editor)
        self._show_rows()

    def show_only_for(self, recipe: str) -> None:
        """Hide the settings that a recipe knows nothing of; what is set in them waits."""
        if recipe != self._recipe:
            self._recipe = recipe
            self._show_rows()

    def editor(self, name: str) -> QWidget:
        """Part that sets a field."""
        return self._editors[name]

    def values(self) -> dict[str, Any]:
        """Give what is shown, is set, and is not what it would be anyway."""
        known = {name: field for name, field in self._fields.items() if self._belongs(field)}
        found = {name: _value(self._editors[name], field) for name, field in known.items()}
        return {
            name: value
            for name, value in found.items()
            if value is not None and value != self._fields[name].default
        }

    def _belongs(self, field: FormField) -> bool:
        return self._recipe is None or field.belongs_to(self._recipe)

    def _show_rows(self) -> None:
        for name, field in self._fields.items():
            self._layout.setRowVisible(self._editors[name], self._belongs(field))

    def _make(self, field: FormField) -> QWidget:
        if field.kind in ("choice", "flag"):
            return self._choice(field)
        if field.kind == "text":
            line = QLineEdit("" if field.default is None else str(field.default))
            line.setPlaceholderText(UNSET if field.optional else "")
            line.editingFinished.connect(self.changed)
            return line
        box: QSpinBox | QDoubleSpinBox = _Whole() if field.kind == "whole" else _Number()
        step = 1 if field.kind == "whole" else 10 ** -box.decimals()
        low = field.low if field.low is not None else (0 if field.optional else -_MOST)
        high = field.high if field.high is not None else _MOST
        whole = field.kind == "whole"
        bottom = low - step if field.optional else low
        box.setRange(round(bottom) if whole else bottom, round(high) if whole else high)
        box.setKeyboardTracking(False)
        if field.optional:
            box.setSpecialValueText(UNSET)
        box.setValue(box.minimum() if field.default is None else field.default)
        box.valueChanged.connect(self.changed)
        return box

    def _choice(self, field: FormField) -> Choices:
        box = Choices()
        if field.optional:
            box.addItem(UNSET, None)
        values = field.choices if field.kind == "choice" else (True, False)
        for value in values:
            words = {True: "yes", False: "no"}[value] if field.kind == "flag" else str(value)
            box.addItem(words, value)
        box.setCurrentIndex(max(0, box.findData(field.default)))
        box.activated.connect(self.changed)
        return box


def _value(editor: QWidget, field: FormField) -> Any:
    if isinstance(editor, QComboBox):
        return editor.currentData()
    if isinstance(editor, QLineEdit):
        return editor.text().strip() or None
    unset = field.optional and editor.value() == editor.minimum()
    return None if unset else editor.value()
