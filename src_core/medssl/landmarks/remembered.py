"""Matches that were made already: a correction costs its own match, not those of all clicks."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from medssl.landmarks.matching import Matcher, Matches
from medssl.landmarks.templates import Template

_MOST = 500


@dataclass
class _Known:
    rows: dict[str, int] = field(default_factory=dict)
    matches: Matches | None = None


class RememberedMatches:
    """Matches each template in each image once, and gives what is known from then on.

    Parameters
    ----------
    matcher
        Makes the matches.
    """

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._known: dict[tuple[str, tuple[float, ...]], _Known] = {}

    def match(self, template: Template, keys: list[str]) -> Matches:
        """Match one template in some images; a click at the same place counts as the same."""
        at = template.case_key, template.place
        known = self._known.pop(at, None) or _Known()
        self._known[at] = known
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        missing = [key for key in keys if key not in known.rows]
        if missing:
            fresh = self._matcher.match(template, missing)
            before = len(known.rows)
            known.rows |= {key: before + row for row, key in enumerate(missing)}
            known.matches = fresh if known.matches is None else _join(known.matches, fresh)
        assert known.matches is not None
        return _select(known.matches, np.array([known.rows[key] for key in keys]))


def _join(a: Matches, b: Matches) -> Matches:
    names = [one.name for one in fields(Matches)]
    return Matches(**{name: np.concatenate([getattr(a, name), getattr(b, name)]) for name in names})


def _select(matches: Matches, rows: NDArray[np.int_]) -> Matches:
    return Matches(**{one.name: getattr(matches, one.name)[rows] for one in fields(Matches)})
