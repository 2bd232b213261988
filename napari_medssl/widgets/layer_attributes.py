"""Attributes of layers, set without drawing more often than needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def set_changed(layer: Any, attributes: dict[str, Any]) -> None:
    """Set only what changes: each of napari's setters draws anew."""
    for name, value in attributes.items():
        if name in ("units", "axis_labels"):
            same = tuple(str(v) for v in getattr(layer, name)) == _long_units(value)
        elif name in ("scale", "translate"):
            same = np.array_equal(getattr(layer, name), value)
        else:
            same = getattr(layer, name) == value
        if not same:
            setattr(layer, name, value)


def _long_units(names: Sequence[str]) -> tuple[str, ...]:
    return tuple("millimeter" if n == "mm" else n for n in names)
