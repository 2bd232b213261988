"""The folded group "Protocol": choose, save and apply one, and measure."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from napari_medssl.measuring import Measuring
from napari_medssl.session import Session, Status
from napari_medssl.widgets.parts import ElidedLabel, Fold, button, label
from napari_medssl.widgets.protocol.editor import MeasurementEditor
from napari_medssl.widgets.protocol.measurement_table import MeasurementTable
from napari_medssl.worker import Runner

_HINT = (
    "Measure between landmarks here. Save them as a protocol, and next week's images are "
    "searched and measured in one go."
)


class ProtocolGroup(Fold):
    """A protocol and its measurements in the current image.

    Parameters
    ----------
    session
        Images, landmarks and points.
    display
        Reads headers in the background.
    """

    def __init__(self, session: Session, display: Runner) -> None:
        self._session = session
        self.measuring = measuring = Measuring(session, display)
        self.name = ElidedLabel()
        self.name.setObjectName("caption")
        self.hint = label(_HINT, "hint")
        self.choose = button("Choose…", "Take a protocol that was saved", self._choose)
        self.save = button("Save…", "Keep the landmarks that you placed", self._save)
        self.apply = button(
            "Apply to all",
            "Find the protocol's landmarks in all images, from its own examples",
            measuring.apply,
        )
        self.table = MeasurementTable()
        self.warning = label("", "note")
        self.add = button("+ Measurement", "Measure something more", self._open_editor)
        self.remove = button("Remove", "Measure the selected one no more", self._remove)
        self.copy = button("Copy as CSV", "Copy the table of this image", self._copy)
        self.editor = MeasurementEditor(measuring.add, self._close_editor)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 0, 0, 0)
        layout.setSpacing(5)
        self.above = _row(self.choose, self.save, self.apply)
        for part in (self.name, self.hint, self.above):
            layout.addWidget(part)
        for part in (self.table, self.warning, self.editor):
            layout.addWidget(part)
        self.below = _row(self.add, self.remove, self.copy)
        layout.addWidget(self.below)
        super().__init__("Protocol", content)
        self.editor.hide()
        measuring.changed.connect(self.refresh)
        measuring.said.connect(session.status_changed.emit)
        session.images_changed.connect(measuring.follow)
        session.landmarks_changed.connect(self.refresh)
        session.points_changed.connect(self.refresh)
        session.image_changed.connect(self.refresh)
        self.button.toggled.connect(lambda _: self.refresh())
        self.table.currentItemChanged.connect(lambda *_: self._refresh_buttons())
        self.refresh()

    def refresh(self) -> None:
        """Show the protocol and what is measured in the current image; nothing while folded."""
        if not self.button.isChecked():
            return
        protocol = self.measuring.protocol
        editing = self.editor.isVisibleTo(self)
        self.name.setVisible(protocol is not None and not editing)
        if protocol is not None:
            self.name.set_words(f"{protocol.definition.name} · {_count(protocol.landmarks)}")
        measured = self.measuring.measured()
        self.table.show_measured(measured)
        self.hint.setVisible(protocol is None and not measured and not editing)
        for row in (self.above, self.below):
            row.setVisible(not editing)
        warnings = dict.fromkeys(o.found.warning for o in measured if o.found and o.found.warning)
        self.warning.setText("".join(f"⚠ Lengths are {words}" for words in warnings))
        self.warning.setVisible(bool(warnings))
        self.editor.show_landmarks(self._landmarks())
        self._refresh_buttons()

    def alternate_with(self, other: Fold) -> None:
        """Fold the other group while this one is open, and the other way round."""
        for one, two in ((self, other), (other, self)):
            one.button.toggled.connect(
                lambda opened, button=two.button: button.setChecked(False) if opened else None
            )

    def rename_landmark(self, old: str, new: str) -> None:
        """Follow a landmark to its new name."""
        self.measuring.rename_landmark(old, new)

    # --- inside

    def _landmarks(self) -> list[str]:
        """Landmarks that can be measured between: the protocol's where there is one."""
        protocol = self.measuring.protocol
        if protocol is not None:
            return [landmark.name for landmark in protocol.landmarks]
        return list(self._session.landmarks)

    def _refresh_buttons(self) -> None:
        session = self._session
        self.apply.setEnabled(self.measuring.protocol is not None)
        self.save.setEnabled(any(session.templates(name) for name in session.landmarks))
        self.add.setEnabled(len(self._landmarks()) > 1)
        self.remove.setEnabled(self.table.selected() >= 0)
        self.copy.setEnabled(self.table.topLevelItemCount() > 0)

    def _open_editor(self) -> None:
        self.editor.show()
        self.refresh()
        self.editor.name.setFocus()

    def _close_editor(self) -> None:
        self.editor.hide()
        self.refresh()

    def _remove(self) -> None:
        if self.table.selected() >= 0:
            self.measuring.remove(self.table.selected())

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.measuring.as_csv())
        self._session.status_changed.emit(Status("done", "The table of this image is copied"))

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a protocol (NAME.protocol)")
        if chosen:
            self.measuring.choose(Path(chosen))

    def _save(self) -> None:
        folder = self._session.folder
        start = str(folder.parent / "landmarks.protocol") if folder is not None else ""
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the protocol as", start)
        if chosen:
            self.measuring.save(Path(chosen))


def _row(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(5)
    for widget in widgets:
        row.addWidget(widget, 1)
    return holder


def _count(landmarks: tuple[object, ...]) -> str:
    return "1 landmark" if len(landmarks) == 1 else f"{len(landmarks)} landmarks"
