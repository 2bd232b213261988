"""Who sits at the window: initials that are written beside each click, if they are given."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from napari_medssl.places import data_root

MOST_LETTERS = 8
_LOG = logging.getLogger(__name__)


def read_initials() -> str:
    """Give the initials that were given last; empty if never."""
    try:
        known = json.loads(_file().read_text(encoding="utf-8"))
        return tidy(str(known["initials"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def keep_initials(initials: str) -> None:
    """Remember initials for the next time; where that cannot be, they hold for this one."""
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps({"initials": tidy(initials)}), encoding="utf-8")
    except OSError as error:
        _LOG.warning("the initials cannot be kept for the next time: %s", error)


def tidy(initials: str) -> str:
    """Shorten to a few letters without spaces around."""
    return initials.strip()[:MOST_LETTERS]


def _file() -> Path:
    return data_root() / "person.json"
