"""What is there: the cohort's cases, which of them are shown, and how work reaches the threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medssl.errors import Cancelled
from medssl.progress import Progress
from napari_medssl.cohorts.arrangement import Arrangement
from napari_medssl.cohorts.desk import Contents, Desk
from napari_medssl.session.status import Kind, Status, error_words

if TYPE_CHECKING:
    from medssl.cohort.overview import CaseSummary
    from medssl.io import Problem
    from napari_medssl.engine import Where
    from napari_medssl.lesions.fits import CaseScore
    from napari_medssl.worker import Runner


class CohortState:
    """State of the Cohort dock.

    Parameters
    ----------
    desk
        The cohort on the disk.
    disk, importing, display
        What runs the cohort's, the import's and the reading tasks, each in order.
    """

    cases_changed = Signal()
    arranged = Signal()
    case_changed = Signal()
    detail_changed = Signal()
    image_changed = Signal()
    import_changed = Signal()
    expected_changed = Signal()
    written = Signal()
    imported = Signal()
    status_changed = Signal(Status)

    def __init__(self, desk: Desk, disk: Runner, importing: Runner, display: Runner) -> None:
        self._desk = desk
        self._disk, self._importing, self._display = disk, importing, display
        self.where: Where | None = None
        self.contents: Contents | None = None
        self.arrangement = Arrangement()
        self.shown: list[CaseSummary] = []
        self.key: str | None = None
        self.author: str | None = None
        self.expected = ""
        self.problems: tuple[Problem, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.elsewhere = False
        self._by_key: Mapping[str, CaseSummary] = {}

    @property
    def path(self) -> Path | None:
        """Folder of the open cohort."""
        return None if self.contents is None else self.contents.path

    @property
    def name(self) -> str:
        """Name of the cohort, for the head."""
        return "" if self.path is None else self.path.stem

    @property
    def cases(self) -> tuple[CaseSummary, ...]:
        """All cases, in the order of their adding."""
        return () if self.contents is None else self.contents.cases

    @property
    def scores(self) -> Mapping[str, CaseScore]:
        """What the newest classifier of lesions says of each case, by key."""
        fit = None if self.contents is None else self.contents.fits.done
        return {} if fit is None else fit.scores

    @property
    def case(self) -> CaseSummary | None:
        """The current case."""
        return None if self.key is None else self._by_key.get(self.key)

    def counts(self) -> Counter[str]:
        """Count the cases by state."""
        return Counter(case.state for case in self.cases)

    def arrange(self, arrangement: Arrangement) -> None:
        """Show other cases, or in another order."""
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            self._arrange()

    def _arrange(self) -> None:
        self.shown = self.arrangement.arrange(self.cases, self.scores)
        self.arranged.emit()

    def _adopt(self, contents: Contents | None) -> None:
        self.contents = contents
        self._by_key = {case.key: case for case in self.cases}
        self._arrange()
        self.cases_changed.emit()

    def _run(
        self,
        runner: Runner,
        task: Callable[[Progress], Any],
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        runner.submit(task, done, failed if failed is not None else self._failed)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            self._say("info", "Stopped. What was finished is kept.")
        else:
            self._say("error", error_words(error))

    def _say(self, kind: Kind, text: str) -> None:
        self.status_changed.emit(Status(kind, text))
