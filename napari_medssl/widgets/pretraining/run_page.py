"""The run that is followed: its curves, where it is, what can be done with it, its log."""

from __future__ import annotations

import time
from pathlib import Path

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from napari_medssl.training import Training
from napari_medssl.training.follower import Points, Snapshot
from napari_medssl.training.words import metric_line, state_words
from napari_medssl.widgets.parts import ElidedLabel, Fold, button, label
from napari_medssl.widgets.pretraining.curves import CurvesPanel

GRACE_S = 20.0


class RunPage(QWidget):
    """Shows a run and lets a person pause, stop, and, if it does not obey, kill it."""

    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training
        self.name = ElidedLabel()
        self.name.setObjectName("heading")
        self.state = label("", "caption")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.curves = CurvesPanel()
        self.numbers = label("", "hint")
        self.pause = button("Pause", "Save and wait; the memory stays taken", self._pause)
        self.stop = button("Stop", "Save and leave; it can be resumed", training.stop)
        self.kill = button(
            "Kill", "End it at once; what it did since its last save is lost", training.kill
        )
        self.preview = QCheckBox("Preview in viewer")
        self.preview.setToolTip("Show what is learned as layers, as it changes")
        self.preview.setChecked(True)
        self.preview.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(400)
        self.text.setFixedHeight(120)
        self.text.setAccessibleName("Log")
        self.log = Fold("Log", self.text)
        self.log.button.toggled.connect(lambda _: self._show_lines())
        self._lines: tuple[str, ...] = ()
        self._asked_since: float | None = None
        self._grace = QTimer(self, singleShot=True)
        self._grace.timeout.connect(self.refresh)
        self._arrange()

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        heading = QHBoxLayout()
        heading.addWidget(self.name, 1)
        heading.addWidget(self.state)
        layout.addLayout(heading)
        layout.addWidget(self.bar)
        layout.addWidget(self.curves)
        layout.addWidget(self.numbers)
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for one in (self.pause, self.stop, self.kill):
            row.addWidget(one)
        row.addStretch(1)
        row.addWidget(self.preview)
        layout.addWidget(self._buttons)
        layout.addWidget(self.log)

    def refresh(self) -> None:
        """Show the run as it is now."""
        training, snapshot = self._training, self._training.snapshot
        run = None if training.run is None else training.known.named(training.run)
        if run is not None:
            self.name.set_words(f"{run.name} · {run.method}")
        elif training.run is not None:
            self.name.set_words(training.run.name)
        active = training.active or snapshot is None
        state = None if snapshot is None else snapshot.status.state
        stopping = active and (state == "stopping" or training.asked in ("stop", "kill"))
        pausing = active and training.asked == "pause" and state != "paused"
        if stopping:
            self.state.setText("Stopping…")
        elif pausing:
            self.state.setText("Pausing…")
        elif snapshot is not None:
            self.state.setText(state_words(snapshot.status.state))
        self._refresh_buttons(active, stopping, pausing, state == "paused")
        self._refresh_numbers(snapshot)

    def show_curves(self) -> None:
        """Draw the curves of the run, and those of the runs that it is compared with."""
        snapshot = self._training.snapshot
        others: dict[Path, tuple[str, Points]] = {}
        for path, other in self._training.known.compared.items():
            run = self._training.known.named(path)
            if "loss" in other.curves and (snapshot is None or path != snapshot.path):
                name = path.name if run is None else f"{run.name} · {run.method}"
                others[path] = (
                    _unique(name, [n for n, _ in others.values()]),
                    other.curves["loss"],
                )
        self.curves.show_curves({} if snapshot is None else snapshot.curves, others)

    def _refresh_buttons(self, active: bool, stopping: bool, pausing: bool, paused: bool) -> None:
        self.pause.setVisible(active and not paused)
        self.pause.setEnabled(not stopping and not pausing)
        self.stop.setVisible(active)
        self.stop.setEnabled(not stopping)
        self.stop.setText("Stopping…" if stopping else "Stop")
        if not stopping:
            self._asked_since = None
            self._grace.stop()
        elif self._asked_since is None:
            self._asked_since = time.monotonic()
            self._grace.start(round(GRACE_S * 1000))
        waited = 0.0 if self._asked_since is None else time.monotonic() - self._asked_since
        self.kill.setVisible(stopping and waited >= GRACE_S * 0.99)

    def _refresh_numbers(self, snapshot: Snapshot | None) -> None:
        done, total, words = _place(snapshot, self._training.active)
        self.numbers.setText(words)
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        lines = () if snapshot is None else snapshot.lines
        if lines != self._lines:
            self._lines = lines
            self._show_lines()

    def _show_lines(self) -> None:
        """Write the log's tail, where it can be seen, and stay at its end."""
        if not self.log.button.isChecked():
            return
        bar = self.text.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        self.text.setPlainText("\n".join(self._lines))
        if at_end:
            bar.setValue(bar.maximum())

    def _pause(self) -> None:
        self._training.pause()


def _place(snapshot: Snapshot | None, active: bool) -> tuple[int, int, str]:
    """Say how far a run is: done, total or 0, and words."""
    if snapshot is None:
        return 0, 0, ""
    if snapshot.progress is not None and active:
        done, total, words = snapshot.progress
        words = words[:1].upper() + words[1:]
        return done, total, f"{words} · {done} of {total}" if total else words
    if snapshot.metric:
        done, total = (int(snapshot.metric.get(name) or 0) for name in ("step", "steps"))
        return done, total, metric_line(snapshot.metric, active)
    return 0, 0, snapshot.status.message if active else ""


def _unique(name: str, taken: list[str]) -> str:
    number = 2
    wanted = name
    while wanted in taken:
        wanted = f"{name} ({number})"
        number += 1
    return wanted
