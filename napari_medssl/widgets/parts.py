"""Small parts that every dock is made of: chips, rules, folds, quiet buttons."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtGui import QFontMetrics, QResizeEvent
from qtpy.QtWidgets import (
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)


class Chip(QToolButton):
    """A rounded button of the head: shows a state, a click opens a menu that changes it."""

    def __init__(self, tooltip: str) -> None:
        super().__init__()
        self.setObjectName("chip")
        self.setToolTip(tooltip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        self._words = ""

    @property
    def words(self) -> str:
        """The whole text, also where the chip is too narrow for it."""
        return self._words

    def set_words(self, words: str, most: int = 148) -> None:
        """Show a text, shortened in the middle beyond `most` pixels."""
        self._words = words
        shown = QFontMetrics(self.font()).elidedText(words, Qt.TextElideMode.ElideMiddle, most)
        self.setText(f"{shown} ▾")

    def set_entries(self, entries: list[tuple[str, Callable[[], None]] | None]) -> None:
        """Fill the menu; None is a separating line."""
        self._menu.clear()
        for entry in entries:
            if entry is None:
                self._menu.addSeparator()
            else:
                action = self._menu.addAction(entry[0])
                action.triggered.connect(lambda _=False, act=entry[1]: act())


class Fold(QWidget):
    """A heading that opens and closes what stands below it."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self._title = title
        self.button = QToolButton()
        self.button.setObjectName("fold")
        self.button.setCheckable(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.toggled.connect(self._toggle)
        self.content = content
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.button)
        layout.addWidget(content)
        self._toggle(False)

    def set_title(self, title: str) -> None:
        """Change the heading."""
        self._title = title
        self._toggle(self.button.isChecked())

    def _toggle(self, opened: bool) -> None:
        self.button.setText(f"{'▾' if opened else '▸'} {self._title}")
        self.content.setVisible(opened)


class ElidedLabel(QLabel):
    """A label that shortens its text in the middle where there is no room for it."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_words(self, words: str) -> None:
        """Show a text; the whole of it is in the tooltip."""
        self._words = words
        self.setToolTip(words)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the text to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        middle = Qt.TextElideMode.ElideMiddle
        self.setText(self.fontMetrics().elidedText(self._words, middle, self.width()))


def rule() -> QFrame:
    """Make a thin line between two parts."""
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


def label(words: str, kind: str) -> QLabel:
    """Make a label of one of the kinds of the style sheet."""
    made = QLabel(words)
    made.setObjectName(kind)
    made.setWordWrap(kind in ("hint", "status", "note"))
    return made


def button(words: str, tooltip: str, act: Callable[[], object], kind: str = "quiet") -> QPushButton:
    """Make a button that leaves the keyboard to the image when it is clicked."""
    made = QPushButton(words)
    made.setObjectName(kind)
    made.setToolTip(tooltip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.clicked.connect(lambda _=False: act())
    return made
