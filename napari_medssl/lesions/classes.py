"""Which classes a person tells apart, in the order of their keys; kept in the cohort's folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

_LOG = logging.getLogger(__name__)

LABEL = "label"
"""Name of the label in the cohort, and so of the column when labels are exported."""
FIRST = ("normal", "abnormal")
MOST = 9
FILE = "lesion-classes.json"


@dataclass(frozen=True)
class Classes:
    """Names of the classes; the first one is that of images without lesion.

    Parameters
    ----------
    names
        In the order of their keys.
    before
        What a renamed class was called; where undo has brought the old name back, it holds again.
    """

    names: tuple[str, ...] = FIRST
    before: dict[str, str] = field(default_factory=dict)

    def fitting(self, used: Collection[str]) -> tuple[str, ...]:
        """Give the names that fit the labels in use; classes from elsewhere come last."""
        names = []
        for name in self.names:
            old = self.before.get(name)
            names.append(old if old in used and name not in used and old is not None else name)
        names += sorted(value for value in used if value not in names)
        return tuple(dict.fromkeys(names))

    def with_name(self, name: str) -> Classes:
        """Add a class."""
        return Classes((*self.names, name), self.before)

    def renamed(self, old: str, new: str) -> Classes:
        """Call a class by another name."""
        names = tuple(new if name == old else name for name in self.names)
        return Classes(names, {**self.before, new: old})


def read_classes(cohort: Path) -> Classes:
    """Read them from the cohort's folder; the first two where there is nothing readable."""
    try:
        known = json.loads((cohort / FILE).read_text(encoding="utf-8"))
        return Classes(
            tuple(str(name) for name in known["classes"]),
            {str(new): str(old) for new, old in known["before"].items()},
        )
    except FileNotFoundError:
        return Classes()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _LOG.warning("%s cannot be read and is not used: %s", cohort / FILE, error)
        return Classes()


def write_classes(cohort: Path, classes: Classes) -> None:
    """Write them into the cohort's folder, whole or not at all.

    Raises
    ------
    medssl.errors.StorageError
        If they cannot be written.
    """
    from medssl.io._atomic import write_text

    with write_text(cohort / FILE) as file:
        json.dump({"classes": classes.names, "before": classes.before}, file, indent=1)
