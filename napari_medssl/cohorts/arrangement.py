"""Which cases are shown, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medssl.cohort.overview import CaseSummary, SortBy, State


@dataclass(frozen=True)
class Arrangement:
    """A person's choice of order and filter.

    Parameters
    ----------
    by
        What to sort by; ``"confidence"`` shows the least sure first.
    label
        Name of the label to sort by.
    descending
        The other way round.
    text
        Words that a case must hold.
    state
        Only cases in this state.
    """

    by: SortBy = "confidence"
    label: str = ""
    descending: bool = False
    text: str = ""
    state: State | None = None

    @property
    def filters(self) -> bool:
        """Whether some cases may be hidden."""
        return bool(self.text.strip()) or self.state is not None

    def arrange(self, cases: Sequence[CaseSummary]) -> list[CaseSummary]:
        """Filter and sort the cases, which come in the order of their adding."""
        from medssl.cohort.overview import filter_cases, sort_cases

        kept = filter_cases(cases, self.text, self.state)
        return sort_cases(kept, self.by, self.label, self.descending)
