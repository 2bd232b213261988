"""What to choose before the start: method, effort, and everything else folded away."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from napari_medssl.training import Training
from napari_medssl.training.fields import form_fields
from napari_medssl.training.methods import EFFORTS, METHODS, Method, effort_of, method_of
from napari_medssl.widgets.parts import Fold, label
from napari_medssl.widgets.pretraining.settings_form import Choices, SettingsForm

_ELSEWHERE = ("recipe", "preset", "device", "ndim", "custom")
_WORKING = "Working out time and memory…"


class SetupPage(QWidget):
    """Method, effort with its forecast, expert settings."""

    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training
        self.methods = QButtonGroup(self)
        self.method_words = label("", "hint")
        self.effort = Choices()
        self.effort.setAccessibleName("Effort")
        self.effort_words = label("", "hint")
        self.outlook = label("", "hint")
        self.form, self.preview_form = SettingsForm(), SettingsForm()
        self.variant = Choices()
        self.variant.setAccessibleName("Images told apart by")
        self.variant_words = label("", "hint")
        self.variants = _below(
            label("Images told apart by", "caption"), self.variant, self.variant_words
        )
        expert = _below(self.variants, self.form, label("Preview", "hint"), self.preview_form)
        self.advanced = Fold("Advanced", expert)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(label("Method", "heading"))
        for number, method in enumerate(METHODS):
            radio = QRadioButton(f"{method.title}   {method.short}")
            radio.setToolTip(f"<p>Self-supervised pretraining. {method.gives}</p>")
            radio.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.methods.addButton(radio, number)
            layout.addWidget(radio)
        layout.addWidget(self.method_words)
        layout.addSpacing(4)
        layout.addWidget(label("Effort", "heading"))
        layout.addWidget(self.effort)
        layout.addWidget(self.effort_words)
        layout.addWidget(self.outlook)
        layout.addSpacing(2)
        layout.addWidget(self.advanced)
        layout.addStretch(1)
        for effort in EFFORTS:
            self.effort.addItem(effort.title, effort.preset)
        self.methods.idClicked.connect(lambda n: self._choose_recipe(METHODS[n].recipe))
        self.effort.activated.connect(
            lambda _: training.choose(preset=str(self.effort.currentData()))
        )
        self.variant.activated.connect(
            lambda _: self._choose_recipe(str(self.variant.currentData()))
        )
        self.form.changed.connect(lambda: training.choose(expert=self.form.values()))
        self.preview_form.changed.connect(
            lambda: training.choose(preview=self.preview_form.values())
        )
        self.refresh()

    def show_schemas(self) -> None:
        """Build the expert section."""
        settings, preview = self._training.schemas
        self.form.set_fields(form_fields(settings, without=_ELSEWHERE))
        self.preview_form.set_fields(form_fields(preview, without=("enabled",)))

    def _choose_recipe(self, recipe: str) -> None:
        self.form.show_only_for(recipe)
        self._training.choose(recipe=recipe, expert=self.form.values())

    def refresh(self) -> None:
        """Show what is chosen."""
        choice = self._training.choice
        self.form.show_only_for(choice.recipe)
        chosen = method_of(choice.recipe)
        for number, method in enumerate(METHODS):
            self.methods.button(number).setChecked(method is chosen)
        self.method_words.setText(chosen.gives)
        self._show_variants(chosen, choice.recipe)
        self.effort_words.setText(effort_of(choice.preset).gives)
        with QSignalBlocker(self.effort):
            self.effort.setCurrentIndex(self.effort.findData(choice.preset))

    def _show_variants(self, method: Method, recipe: str) -> None:
        """Offer the variants of a method that has several."""
        self.variants.setVisible(len(method.variants) > 1)
        with QSignalBlocker(self.variant):
            self.variant.clear()
            for variant in method.variants:
                self.variant.addItem(variant.title, variant.recipe)
            self.variant.setCurrentIndex(self.variant.findData(recipe))
        said = [variant.gives for variant in method.variants if variant.recipe == recipe]
        self.variant_words.setText("".join(said))

    def show_outlook(self) -> None:
        """Show what it will take."""
        outlook = self._training.outlook
        waiting = self._training.images is not None and outlook is None
        self.outlook.setText(_WORKING if waiting else "" if outlook is None else outlook.words)
        self.outlook.setToolTip("" if outlook is None else outlook.notes)
        kind = "hint" if outlook is None or outlook.fits else "note"
        if self.outlook.objectName() != kind:
            self.outlook.setObjectName(kind)
            self.outlook.style().unpolish(self.outlook)
            self.outlook.style().polish(self.outlook)


def _below(*parts: QWidget) -> QWidget:
    """Put parts one below the other."""
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for part in parts:
        column.addWidget(part)
    return whole
