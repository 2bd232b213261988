"""Which cases are shown, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from medssl.cohort.overview import CaseSummary, SortBy, State
    from napari_medssl.lesions.fits import CaseScore


@dataclass(frozen=True)
class Arrangement:
    """A person's choice of order and filter.

    Parameters
    ----------
    by
        What to sort by; ``"confidence"`` shows the least sure first, ``"lesion"`` the likeliest
        lesion, ``"unsure"`` what a classifier of lesions is least sure of.
    label
        Name of the label to sort by.
    descending
        The other way round.
    text
        Words that a case must hold.
    state
        Only cases in this state.
    """

    by: SortBy | Literal["lesion", "unsure"] = "confidence"
    label: str = ""
    descending: bool = False
    text: str = ""
    state: State | None = None

    @property
    def filters(self) -> bool:
        """Whether some cases may be hidden."""
        return bool(self.text.strip()) or self.state is not None

    def arrange(
        self, cases: Sequence[CaseSummary], scores: Mapping[str, CaseScore] | None = None
    ) -> list[CaseSummary]:
        """Filter and sort the cases, which come in the order of their adding.

        Cases without a score come last, whichever way the others are sorted.
        """
        from medssl.cohort.overview import filter_cases, sort_cases

        kept = filter_cases(cases, self.text, self.state)
        if self.by != "lesion" and self.by != "unsure":
            return sort_cases(kept, self.by, self.label, self.descending)
        known = scores or {}
        name = "lesion" if self.by == "lesion" else "uncertainty"
        scored = [case for case in kept if case.key in known]
        scored.sort(key=lambda case: getattr(known[case.key], name), reverse=not self.descending)
        return [*scored, *(case for case in kept if case.key not in known)]
