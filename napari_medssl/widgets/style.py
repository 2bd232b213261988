"""Look of the docks, from napari's own theme: one accent, readable contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.theme import get_theme

if TYPE_CHECKING:
    from napari import Viewer

_SHEET = """
QLabel#title {{ font-size: 15px; font-weight: 600; }}
QLabel#hint, QLabel#caption {{ color: {muted}; font-size: 12px; }}
QLabel#heading {{ color: {text}; font-size: 13px; font-weight: 600; }}
QLabel#note {{ color: {note}; font-size: 12px; }}
QLabel#status {{ font-size: 12px; }}
QLabel#status[kind="error"] {{
    color: {text}; background: {error}; border-left: 3px solid {error_edge};
    border-radius: 2px;
}}
QFrame#rule {{ background: {line}; border: none; padding: 0; margin: 0; max-height: 1px; }}
QToolButton#chip {{
    background: {foreground}; border: 1px solid {line}; border-radius: 11px;
    padding: 2px 9px; font-size: 12px; min-height: 18px; color: {text};
}}
QToolButton#chip:hover, QToolButton#chip:focus {{ border-color: {muted}; }}
QToolButton#chip::menu-indicator {{ image: none; }}
QPushButton {{ font-size: 12px; min-height: 20px; padding: 3px 8px; }}
QPushButton#quiet {{ background: transparent; border: 1px solid {line}; color: {text}; }}
QPushButton#quiet:hover {{ background: {foreground}; }}
QPushButton#quiet:focus, QPushButton#primary:focus {{ border: 1px solid {text}; }}
QPushButton#quiet:disabled {{ color: {faint}; border-color: {foreground}; }}
QPushButton#quiet::menu-indicator {{ width: 0px; }}
QPushButton#quiet:checked {{ background: {accent}; color: white; border-color: {accent}; }}
QPushButton#primary {{
    background: {accent}; color: white; font-size: 14px; font-weight: 600;
    min-height: 28px; border: 1px solid {accent}; border-radius: 3px;
}}
QPushButton#primary:hover {{ background: {accent_hover}; }}
QPushButton#primary:disabled {{
    background: {foreground}; color: {faint}; border-color: {foreground};
}}
QToolButton#fold {{ border: none; background: transparent; font-size: 12px; color: {muted}; }}
QToolButton#fold:hover {{ color: {text}; }}
QTreeView, QTableView#cases, QListView#gallery, QPlainTextEdit {{
    background: {canvas}; border: 1px solid {line}; border-radius: 3px; font-size: 12px;
    outline: 0;
}}
QTableView#cases::item:selected {{ background: {selected}; color: {text}; }}
QTreeView::item {{ min-height: 24px; }}
QTreeView::item:selected {{ background: {selected}; color: {text}; }}
QHeaderView::section {{
    background: {canvas}; color: {muted}; border: none; font-size: 11px; padding: 3px 4px;
}}
QLineEdit {{ font-size: 12px; min-height: 20px; padding: 3px 6px; border: 1px solid {line}; }}
QLineEdit:focus {{ border-color: {muted}; }}
QCheckBox, QRadioButton {{ font-size: 12px; }}
QLabel#legend {{ font-size: 12px; }}
QComboBox, QSpinBox, QDoubleSpinBox {{ font-size: 12px; min-height: 20px; }}
QScrollArea {{ background: transparent; border: none; }}
QProgressBar {{ max-height: 6px; min-height: 6px; border: none; background: {foreground}; }}
QProgressBar::chunk {{ background: {accent_hover}; }}
"""


def sheet(viewer: Viewer) -> str:
    """Style sheet of a dock in the viewer's present theme."""
    theme = get_theme(viewer.theme)
    text, back, fore = (_rgb(c) for c in (theme.text, theme.background, theme.foreground))
    accent = (0, 104, 178)
    dark = sum(back) < 3 * 128
    return _SHEET.format(
        text=_css(text),
        muted=_css(_mix(text, back, 0.72)),
        faint=_css(_mix(text, back, 0.5)),
        line=_css(_mix(fore, text, 0.88)),
        foreground=_css(fore),
        canvas=_css(_mix(back, (0, 0, 0) if dark else (255, 255, 255), 0.82)),
        accent=_css(accent),
        accent_hover=_css((20, 124, 201)),
        selected=_css(_mix(accent, back, 0.45)),
        note=_css((240, 190, 90) if dark else (130, 80, 0)),
        error=_css(_mix((190, 60, 30), back, 0.32)),
        error_edge=_css((232, 110, 70)),
    )


def colours(viewer: Viewer) -> tuple[str, str]:
    """Text and ground of a plot in the viewer's present theme."""
    theme = get_theme(viewer.theme)
    text, back = _rgb(theme.text), _rgb(theme.background)
    dark = sum(back) < 3 * 128
    ground = _mix(back, (0, 0, 0) if dark else (255, 255, 255), 0.82)
    return _hex(text), _hex(ground)


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _rgb(colour: object) -> tuple[int, int, int]:
    red, green, blue = colour.as_rgb_tuple()[:3]  # type: ignore[attr-defined]
    return red, green, blue


def _mix(
    one: tuple[int, int, int], other: tuple[int, int, int], share: float
) -> tuple[int, int, int]:
    """Blend two colours; `share` is that of the first."""
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _css(colour: tuple[int, int, int]) -> str:
    return f"rgb({colour[0]}, {colour[1]}, {colour[2]})"
