"""Charts as inline SVG, drawn in the colours of the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from medssl.cohort.report.markup import text

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BOTTOM, _TOP = 640, 190, 34, 22, 34, 8


def nice_end(largest: float) -> float:
    """Give the round number at or above `largest` where an axis ends."""
    if largest <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(largest))
    return next(
        step * m for m in (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0) if step * m >= largest
    )


def histogram(values: Sequence[float], unit: str, bins: int = 20) -> str:
    """Draw how many misses are how large."""
    end = nice_end(max(values))
    counts, edges = np.histogram(values, bins, (0.0, end))
    top = int(counts.max())
    span = _WIDTH - _LEFT - _RIGHT
    height = _HEIGHT - _BOTTOM - _TOP
    base = _HEIGHT - _BOTTOM
    parts = []
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        if count:
            x, tall = _LEFT + span * low / end, height * count / top
            wide = span * (high - low) / end - 2
            parts.append(
                f'<rect class="bar" x="{x + 1:.1f}" y="{base - tall:.1f}" width="{wide:.1f}" '
                f'height="{tall:.1f}"><title>{low:.3g} to {high:.3g} {unit}: {count}</title></rect>'
            )
    parts += [
        f'<text x="{_LEFT + span * fraction:.1f}" y="{base + 15}" text-anchor="middle">'
        f"{end * fraction:.3g}</text>"
        for fraction in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    parts.append(f'<path class="axis" d="M{_LEFT} {base}H{_LEFT + span}"/>')
    parts.append(f'<text x="{_LEFT - 6}" y="{_TOP + 10}" text-anchor="end">{top}</text>')
    parts.append(f'<text x="{_LEFT - 6}" y="{base}" text-anchor="end">0</text>')
    middle = _LEFT + span / 2
    parts.append(
        f'<text x="{middle:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">'
        f"distance of prediction and correction, {unit}</text>"
    )
    said = f"Histogram of {len(values)} distances of predictions and corrections in {unit}"
    return _svg(_WIDTH, _HEIGHT, said, "".join(parts), "chart")


def small_histogram(values: Sequence[float], end: float, unit: str) -> str:
    """Draw a histogram for a line of a table; all lines go from 0 to `end`."""
    counts, _ = np.histogram(values, 12, (0.0, end))
    top = max(1, int(counts.max()))
    parts = [
        f'<rect class="bar" x="{8 * i}" y="{20 - 18 * n / top:.1f}" width="7" '
        f'height="{18 * n / top:.1f}"/>'
        for i, n in enumerate(counts)
        if n
    ]
    parts.append('<path class="axis" d="M0 20.5H96"/>')
    return _svg(96, 21, f"from 0 to {end:.3g} {unit}", "".join(parts), "small")


def shares(counts: Mapping[str, int], classes: Mapping[str, str], said: str) -> str:
    """Draw parts of a whole as one bar, with a legend of the numbers below."""
    total = sum(counts.values())
    if not total:
        return ""
    x, parts, legend = 0.0, [], []
    for label, count in counts.items():
        wide = _WIDTH * count / total
        parts.append(
            f'<rect class="{classes[label]}" x="{x:.1f}" y="0" width="{max(0.0, wide - 1.5):.1f}" '
            f'height="18"><title>{text(label)}: {count}</title></rect>'
        )
        legend.append(
            f'<li><span class="key {classes[label]}"></span>{text(label)} <b>{count}</b> '
            f"({100 * count / total:.0f} %)</li>"
        )
        x += wide
    bar = _svg(_WIDTH, 18, said, "".join(parts), "shares", stretch=True)
    return f'{bar}<ul class="legend">{"".join(legend)}</ul>\n'


def _svg(
    width: int, height: int, said: str, content: str, kind: str, *, stretch: bool = False
) -> str:
    how = ' preserveAspectRatio="none"' if stretch else ""
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height}"{how} role="img" '
        f'aria-label="{text(said)}">{content}</svg>'
    )
