"""All runs that there are: listed, compared, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from medssl.progress import Progress
from napari_medssl.training.follower import RunFollower, Snapshot

if TYPE_CHECKING:
    from medssl.runs import RunSummary
    from napari_medssl.worker import Runner


class KnownRuns:
    """The runs of a person, the newest first, and those whose curves are compared.

    Parameters
    ----------
    control
        Does what takes time, in order.

    Signals
    -------
    listed
        The runs were listed; `changed` where they are others than before.
    compared_changed
        Another run is compared, or one less.
    failed
        The error of what went wrong.
    """

    listed = Signal()
    changed = Signal()
    compared_changed = Signal()
    failed = Signal(object)

    def __init__(self, control: Runner) -> None:
        self._control = control
        self.runs: Sequence[RunSummary] = ()
        self.compared: dict[Path, Snapshot] = {}
        self._listing = False

    def named(self, path: Path) -> RunSummary | None:
        """Find a run."""
        return next((run for run in self.runs if run.path == path), None)

    def at_work(self, besides: Path | None = None) -> RunSummary | None:
        """Find the newest run that is being worked on, besides one."""
        from medssl.runs import ACTIVE_STATES

        others = (run for run in self.runs if run.path != besides)
        return next((run for run in others if run.status.state in ACTIVE_STATES), None)

    def refresh(self) -> None:
        """List the runs anew."""
        if self._listing:
            return
        self._listing = True

        def find(_: Progress) -> Sequence[RunSummary]:
            from medssl.runs import list_runs

            return [run for run in list_runs() if run.verb in ("pretrain", "")]

        def found(runs: Sequence[RunSummary]) -> None:
            self._listing = False
            if runs != self.runs:
                self.runs = runs
                self.changed.emit()
            self.listed.emit()

        def failed(error: BaseException) -> None:
            self._listing = False
            self.failed.emit(error)

        self._control.submit(find, found, failed)

    def delete(self, run: Path, deleted: Callable[[], None]) -> None:
        """Delete a run folder for good, and tell when it is gone."""
        from medssl.runs import delete_run

        def gone(_: None) -> None:
            self.compare(run, False)
            deleted()
            self.refresh()

        self._control.submit(lambda _: delete_run(run), gone, self.failed.emit)

    def compare(self, run: Path, on: bool) -> None:
        """Draw the curves of another run too, or no longer."""
        if not on:
            if self.compared.pop(run, None) is not None:
                self.compared_changed.emit()
            return

        def read(_: Progress) -> Snapshot | None:
            follower = RunFollower(run)
            snapshot = follower.look()
            while snapshot is not None and snapshot.behind:
                snapshot = follower.look()
            return snapshot

        def told(snapshot: Snapshot | None) -> None:
            if snapshot is not None:
                self.compared[run] = snapshot
                self.compared_changed.emit()

        self._control.submit(read, told, self.failed.emit)
