"""State of the Pretraining dock, and everything that a person can do in it.

The methods belong to the window's thread and return at once; what takes time runs in background
threads, and the run itself in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from medssl.errors import Cancelled
from medssl.progress import Progress
from napari_medssl.engine import Where
from napari_medssl.session.status import Kind, Status, error_words, image_words
from napari_medssl.training.engine import TrainingEngine
from napari_medssl.training.follower import RunFollower, Snapshot
from napari_medssl.training.known_runs import KnownRuns
from napari_medssl.training.request import Choice, Device, Images, Outlook

if TYPE_CHECKING:
    from medssl.runs import RunStatus, State
    from napari_medssl.worker import Runner

Asked = Literal["pause", "resume", "stop", "kill"]


class Training:
    """What is chosen, which runs there are, which one is followed.

    Parameters
    ----------
    engine
        The heavy part.
    looking, work, control, follow
        What looks at images, forecasts, acts on runs, and follows one; each in order.
    """

    images_changed = Signal()
    choice_changed = Signal()
    outlook_changed = Signal()
    devices_changed = Signal()
    schemas_changed = Signal()
    run_changed = Signal()
    snapshot_changed = Signal()
    status_changed = Signal(Status)

    def __init__(
        self,
        engine: TrainingEngine,
        looking: Runner,
        work: Runner,
        control: Runner,
        follow: Runner,
    ) -> None:
        self._engine = engine
        self._looking_at, self._work = looking, work
        self._control, self._follow = control, follow
        self.images: Images | None = None
        self.choice = Choice()
        self.outlook: Outlook | None = None
        self.devices: Sequence[Device] = ()
        self.schemas: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})
        self.known = KnownRuns(control)
        self.known.failed.connect(self._failed)
        self.run: Path | None = None
        self.snapshot: Snapshot | None = None
        self.starting = False
        self.asked: Asked | None = None
        self._follower: RunFollower | None = None
        self._looking = False
        self._wanted_outlook = 0

    # --- before the start

    def prepare(self) -> None:
        """Learn what there is: runs, devices, settings."""
        self.known.listed.connect(self._follow_again)
        self.known.refresh()

        def told_devices(devices: Sequence[Device]) -> None:
            self.devices = devices
            self.devices_changed.emit()

        def told_schemas(schemas: tuple[Mapping[str, Any], Mapping[str, Any]]) -> None:
            self.schemas = schemas
            self.schemas_changed.emit()

        self._do(self._work, lambda _: self._engine.devices(), told_devices)
        self._do(self._work, lambda _: self._engine.schemas(), told_schemas)

    def open_images(self, where: Where) -> None:
        """Take a folder of images, or several files, to learn from."""
        self._say("busy", "Looking for images")

        def found(images: Images) -> None:
            self.images = images
            self.leave()
            words = f"{image_words(images.count)} to learn from"
            out = len(images.problems)
            self._say("done", f"{words} · {out} could not be used" if out else words)
            self.images_changed.emit()
            self.forecast()

        self._do(self._looking_at, lambda p: self._engine.inspect(where, p), found)

    def choose(self, **changes: Any) -> None:
        """Choose another method, effort, device, or expert settings."""
        choice = replace(self.choice, **changes)
        if choice == self.choice:
            return
        as_before = replace(choice, preview=self.choice.preview) == self.choice
        self.choice = choice
        self.choice_changed.emit()
        if not as_before:
            self.forecast()

    def forecast(self) -> None:
        """Work out what the choice would take; only the last one asked for is told."""
        images, choice = self.images, self.choice
        self.outlook = None
        self.outlook_changed.emit()
        if images is None:
            return
        self._wanted_outlook += 1
        number = self._wanted_outlook

        def look(progress: Progress) -> Outlook | None:
            if number != self._wanted_outlook:
                return None
            return self._engine.outlook(images, choice, progress)

        def told(outlook: Outlook | None) -> None:
            if outlook is not None and number == self._wanted_outlook:
                self.outlook = outlook
                self.outlook_changed.emit()

        def failed(error: BaseException) -> None:
            if not isinstance(error, Cancelled):
                told(Outlook(error_words(error), fits=False))

        self._work.submit(look, told, failed)

    @property
    def can_start(self) -> bool:
        """Whether there is anything to start."""
        return self.images is not None and self.run is None and not self.starting

    def start(self) -> None:
        """Start a run in a process of its own, and follow it."""
        images, choice = self.images, self.choice
        if images is None or not self.can_start:
            return
        self.starting = True
        self._say("busy", "Starting")

        def begin(_: Progress) -> Path:
            from medssl.runs import start_job

            folder = self._engine.create(images, choice)
            start_job(folder)
            return folder

        def begun(folder: Path) -> None:
            self.starting = False
            self.attach(folder)
            self.known.refresh()

        def failed(error: BaseException) -> None:
            self.starting = False
            self._failed(error)
            self.run_changed.emit()

        self._control.submit(begin, begun, failed)

    # --- the run that is followed

    def attach(self, run: Path) -> None:
        """Follow a run."""
        if run == self.run:
            return
        self.run, self.snapshot, self.asked = run, None, None
        self._follower = RunFollower(run)
        self.run_changed.emit()
        self.look()

    def attach_folder(self, folder: Path) -> None:
        """Follow the run in a folder that a person chose."""
        from medssl.runs import is_run_folder

        if is_run_folder(folder):
            self.attach(folder)
        else:
            words = f"{folder.name}: there is no run in this folder. Choose the one given to --out."
            self._say("error", words)

    def leave(self) -> None:
        """Follow no run; it goes on."""
        if self.run is not None:
            self.run, self.snapshot, self._follower, self.asked = None, None, None, None
            self.run_changed.emit()

    def look(self) -> None:
        """Read what is new of the run that is followed."""
        follower = self._follower
        if follower is None or self._looking:
            return
        self._looking = True

        def told(snapshot: Snapshot | None) -> None:
            self._looking = False
            if snapshot is not None and follower is self._follower:
                self._adopt(snapshot)
            if follower is not self._follower or (snapshot is not None and snapshot.behind):
                self.look()

        def failed(error: BaseException) -> None:
            self._looking = False
            self._failed(error)

        self._follow.submit(lambda _: follower.look(), told, failed)

    @property
    def active(self) -> bool:
        """Whether the run that is followed is being worked on."""
        from medssl.runs import ACTIVE_STATES

        return self.snapshot is not None and self.snapshot.status.state in ACTIVE_STATES

    def at_work(self) -> tuple[Path, RunStatus] | None:
        """Give a run that is being worked on: the one that is followed, else the newest other."""
        if self.run is not None and self.snapshot is not None and self.active:
            return self.run, self.snapshot.status
        found = self.known.at_work(besides=None if self.snapshot is None else self.run)
        return None if found is None else (found.path, found.status)

    @property
    def model(self) -> Path | None:
        """Model folder of the run that is followed, once it is done."""
        snapshot = self.snapshot
        if snapshot is None or snapshot.gone or snapshot.status.state != "done":
            return None
        return snapshot.path / "model"

    def pause(self) -> None:
        """Let the run save and wait."""
        from medssl.runs import pause_job

        self._act(pause_job, "pause")

    def resume(self) -> None:
        """Let the run go on from where it is."""
        from medssl.runs import resume_job

        self._act(resume_job, "resume")

    def stop(self) -> None:
        """Let the run save and leave."""
        from medssl.runs import stop_job

        self._act(stop_job, "stop")

    def kill(self) -> None:
        """End the run's processes at once."""
        from medssl.runs import kill_job

        self._act(kill_job, "kill")

    def delete(self, run: Path) -> None:
        """Delete a run folder for good."""

        def deleted() -> None:
            if run == self.run:
                self.leave()
            self._say("done", f"Deleted {run.name}")

        self.known.delete(run, deleted)

    # --- how it is done

    def _follow_again(self) -> None:
        """Follow the newest run that is being worked on, after the window was opened."""
        self.known.listed.disconnect(self._follow_again)
        found = self.at_work()
        if found is not None and self.run is None and not self.starting:
            self.attach(found[0])

    def _adopt(self, snapshot: Snapshot) -> None:
        before = self.snapshot
        self.snapshot = snapshot
        state = snapshot.status.state
        if before is not None and state != before.status.state:
            self.known.refresh()
        if self.asked is not None and _settled(self.asked, state):
            self.asked = None
        self.snapshot_changed.emit()

    def _act(self, action: Callable[[Path], Any], name: Asked) -> None:
        run = self.run
        if run is None:
            return
        self.asked = name
        self.snapshot_changed.emit()

        def failed(error: BaseException) -> None:
            self.asked = None
            self._failed(error)
            self.snapshot_changed.emit()

        self._control.submit(lambda _: action(run), lambda _: self.look(), failed)

    def _do(
        self, runner: Runner, task: Callable[[Progress], Any], done: Callable[[Any], None]
    ) -> None:
        runner.submit(task, done, self._failed)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            self._say("info", "Stopped.")
        else:
            self._say("error", error_words(error))

    def _say(self, kind: Kind, text: str) -> None:
        self.status_changed.emit(Status(kind, text))


def _settled(asked: Asked, state: State) -> bool:
    """Whether what was asked of a run has come about, or cannot any more."""
    from medssl.runs import ENDED_STATES

    ended = state in ENDED_STATES
    if asked == "resume":
        return not ended and state != "paused"
    return ended or (asked == "pause" and state == "paused")
