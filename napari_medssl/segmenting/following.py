"""The job of the Segmentation dock: followed, found again after closing, and taken in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medssl.errors import Cancelled, StorageError
from medssl.progress import Progress
from napari_medssl.segmenting.correcting import Correcting
from napari_medssl.segmenting.job_file import Job, drop_job, keep_job, note_net, recall_job
from napari_medssl.segmenting.learn_job import Wanted, score_held_out, start_again, take_in
from napari_medssl.segmenting.structures import FOLDER, INSTANT
from napari_medssl.session.status import error_words
from napari_medssl.training.following import follow_job

if TYPE_CHECKING:
    from napari_medssl.segmenting.organs import Organs
    from napari_medssl.segmenting.slices import Slice
    from napari_medssl.worker import Runner

RANDOM = "random"


class FollowingJob(Correcting):
    """Follows a job, and takes in what it found.

    Attributes
    ----------
    learning
        Whether one is at work.
    learner
        What runs the task that follows it.
    """

    learning_changed = Signal()
    learning = False
    learner: Runner
    _stopping = False
    _learned: tuple[Path, str] | None = None  # cohort, organ
    _newer = False

    def rename_organ(self, name: str) -> None:
        """Give the current organ another name, unless a job is learning it."""
        current = self.organs.current.name
        if self._is_learning(current) and name.strip() != current:
            self._say("info", f"{current} is being learned and keeps its name.")
            self.organs_changed.emit()
            return
        super().rename_organ(name)

    def _is_learning(self, organ: str) -> bool:
        """Whether it is this organ of the open cohort that a job learns."""
        return self.learning and self._learned == (self.path, organ)

    def _wanted(self, path: Path, organ: str, model: str, both: bool) -> Wanted:
        names, upright = self.organs.names, self.upright
        return Wanted(path, organ, names, model, self.device, upright, both)

    def _begin(self, wanted: Wanted, start: Callable[[], Path]) -> None:
        def begin() -> Job:
            job = Job(wanted.organ, str(start()), wanted.held_out, newer=self._newer)
            keep_job(wanted.cohort / FOLDER, job)
            return job

        self._follow(wanted, begin)

    def _find_job(self) -> None:
        """Go on following a job that was at work when the window was closed."""
        path = self.path
        if path is None or self.learning:
            return
        try:
            job = recall_job(path / FOLDER)
        except StorageError as error:
            self._say("error", error_words(error))
            return
        if job is not None:
            model = RANDOM if self.model == INSTANT else str(self.model)
            self._follow(self._wanted(path, job.organ, model, job.compare), lambda: job)

    def _follow(self, wanted: Wanted, begin: Callable[[], Job]) -> None:
        organ, path = wanted.organ, wanted.cohort
        self._learned, self._newer = (path, organ), False
        self._set_learning(True)
        self._say("busy", f"Learning {organ}")

        def work(progress: Progress) -> Job:
            job = begin()
            run = Path(job.run)
            with self._let_go(path / FOLDER):
                if job.stored:
                    return job
                follow_job(run, _of(organ, progress), lambda: self._stopping, "Learning")
                words = take_in(wanted, run, progress)
                job = replace(recall_job(path / FOLDER) or job, stored=words)
                keep_job(path / FOLDER, job)
                if not (job.newer or self._newer):
                    note_net(path / FOLDER, job)
            return job

        def found(job: Job) -> None:
            if self.path == path:
                if not (job.newer or self._newer):
                    self._history.note_net(organ, job.run)
                self._keep_organs()
                self.organs_changed.emit()
            self._show_written(path)
            if job.compare and not self._stopping:
                self._compare(wanted, job)
                return
            drop_job(path / FOLDER)
            self._end(wanted, job, " · not compared" if job.compare else "")

        def failed(error: BaseException) -> None:
            self._set_learning(False)
            self._failed(error)
            self._show_written(path)
            self._find_other(path)

        self._run(self.learner, work, found, failed)

    def _compare(self, wanted: Wanted, job: Job) -> None:
        """Let a net that begins with nothing learn the same, and say both scores."""
        folder = wanted.cohort / FOLDER

        def work(progress: Progress) -> str:
            with self._let_go(folder):
                return self._compared(wanted, job, progress)

        def scored(said: str) -> None:
            drop_job(folder)
            self._end(wanted, job, said)

        def failed(error: BaseException) -> None:
            why = "" if isinstance(error, Cancelled) else f": {error_words(error)}"
            self._end(wanted, job, f" · not compared{why}")

        self._run(self.learner, work, scored, failed)

    def _end(self, wanted: Wanted, job: Job, said: str) -> None:
        self._set_learning(False)
        self._say("done", f"{job.organ} learned: {job.stored}{said}")
        self._find_other(wanted.cohort)

    def _find_other(self, path: Path) -> None:
        """Follow the job of the cohort that was opened while another one's was followed."""
        if self.path != path:
            self._find_job()

    @contextmanager
    def _let_go(self, folder: Path) -> Iterator[None]:
        """Forget a job that fails or is stopped; it stays known if only the window closes."""
        try:
            yield
        except Cancelled:
            job = recall_job(folder)
            if job is None or self._stopping or _is_stopped(Path(job.other or job.run)):
                drop_job(folder)
            raise
        except Exception:
            drop_job(folder)
            raise

    def _note_lesson(self, organ: str) -> None:
        """Remember that a person teaches an organ something that the job at work does not know."""
        path = self.path
        if path is None or self._newer or not self._is_learning(organ):
            return
        self._newer = True

        def write(_: object) -> None:
            job = recall_job(path / FOLDER)
            if job is not None and job.organ == organ:
                keep_job(path / FOLDER, replace(job, newer=True))

        self._run(self._disk, write, lambda _: None)

    def _teach(self, key: str, name: str, where: Slice | None) -> None:
        self._note_lesson(name)
        super()._teach(key, name, where)

    def _organs_are_others(self, before: Organs) -> None:
        for organ in self.organs.every:
            was = before.organ(organ.name)
            if was is not None and was.members != organ.members:
                self._note_lesson(organ.name)
        super()._organs_are_others(before)

    def _compared(self, wanted: Wanted, job: Job, progress: Progress) -> str:
        if not job.other:
            other = str(start_again(Path(job.run), RANDOM))
            job = replace(recall_job(wanted.cohort / FOLDER) or job, other=other)
            keep_job(wanted.cohort / FOLDER, job)
        run, second = Path(job.run), Path(job.other)
        told = _of(f"{wanted.organ} from random", progress)
        follow_job(second, told, lambda: self._stopping, "Learning")
        ours, theirs = score_held_out(run, second)
        return f" · Dice on images kept back: {ours:.2f}, from random {theirs:.2f}"

    def _adopt(self, contents: Any) -> None:
        before = self.path
        super()._adopt(contents)
        if self.path != before:
            self._find_job()

    def stop(self) -> None:
        """Stop what is at work, the job too; masks that are stored stay."""
        super().stop()
        if self.learning:
            self._stopping = True
            self.learner.cancel()

    def _set_learning(self, learning: bool) -> None:
        self.learning, self._stopping = learning, False
        self.learning_changed.emit()


def _of(organ: str, progress: Progress) -> Progress:
    """Name the organ that a job learns in all that it tells."""
    return lambda done, total, words: progress(done, total, f"{organ}: {words}")


def _is_stopped(run: Path) -> bool:
    """Whether somebody has stopped a job, here or elsewhere."""
    from medssl.runs import read_status

    return read_status(run).state == "stopped"
