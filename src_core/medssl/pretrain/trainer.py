"""The training loop: one for every recipe."""

from __future__ import annotations

import math
import time
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from medssl.correspond import CohortWords
from medssl.errors import Cancelled, ModelError
from medssl.nets import DenseNet
from medssl.objectives import ShapeMasks
from medssl.pretrain.checkpoint import has_checkpoint, load_checkpoint, save_checkpoint
from medssl.pretrain.cluster_watch import ClusterWatch
from medssl.pretrain.control import Control
from medssl.pretrain.hardware import Hardware
from medssl.pretrain.learner import Learner
from medssl.pretrain.loader import BatchSource, read_ahead
from medssl.pretrain.measured import Measured
from medssl.pretrain.memory import lack_of_memory
from medssl.pretrain.minutes import (
    describe_steps,
    mean_step_seconds,
    minutes_of,
    steps_in_minutes,
    warn_of_few,
)
from medssl.pretrain.partners import link_images
from medssl.pretrain.plan import Division, Plan, job_record
from medssl.pretrain.preview import Preview, PreviewSettings
from medssl.pretrain.prototypes import add_prototypes
from medssl.pretrain.randomness import seed_everything, view_seed
from medssl.pretrain.recipe import Stage
from medssl.pretrain.report import Report
from medssl.pretrain.result import RunResult
from medssl.pretrain.schedule import rate_factor
from medssl.pretrain.skipped import SkippedSteps
from medssl.pretrain.spread_watch import SpreadWatch
from medssl.pretrain.trained_model import save_trained_model
from medssl.pretrain.waiting import Waiting
from medssl.pretrain.warmup import first_steps
from medssl.pretrain.words import find_cohort_words
from medssl.processes import same_everywhere, while_others_wait
from medssl.progress import Progress
from medssl.runs import RunFolder
from medssl.views.batch import ImageBatch

if TYPE_CHECKING:
    from accelerate import Accelerator

CHECKPOINT_SECONDS = 60.0
EVENTS_A_RUN = 300
VALIDATION_BATCHES = 4


class Trainer:
    """Runs a plan in a run folder, from the start or from its last checkpoint.

    Parameters
    ----------
    plan
        What to train.
    division
        Cases to train on and held out.
    folder
        The locked run folder.
    hardware
        What to compute with.
    accelerator
        Shares the work between processes.
    progress
        Told of each step.
    preview
        What to show while it runs; None: nothing.
    shapes
        Masks of a shape, for the objectives that know one.
    begin
        A net whose encoder and decoder this one begins with.
    """

    def __init__(
        self,
        plan: Plan,
        division: Division,
        folder: RunFolder,
        hardware: Hardware,
        accelerator: Accelerator,
        progress: Progress,
        preview: PreviewSettings | None = None,
        shapes: ShapeMasks | None = None,
        begin: DenseNet | None = None,
    ) -> None:
        self.plan = plan
        self.division = division
        self.folder = folder
        self.accelerator = accelerator
        self.control = Control(folder, accelerator, progress)
        self.source = BatchSource(
            division.training,
            plan.canvas,
            plan.recipe.batch_of(0),
            plan.settings.seed,
            accelerator.process_index,
            accelerator.num_processes,
        )
        self.learner = Learner(plan, hardware, accelerator, shapes, begin)
        self.report = Report(folder, hardware.device, self._images_a_step(0))
        self.measured = Measured(folder, hardware.device)
        self.skipped = SkippedSteps(folder.path)
        self.waiting = Waiting()
        self.done = 0
        self.seconds = 0.0
        self.best = math.inf
        self.best_stage = 0
        self.preview: Preview | None = None
        if preview is not None and preview.enabled and accelerator.is_main_process:
            shown = (*division.training, *division.held_out)
            views = plan.recipe.restored_views
            self.preview = Preview(preview, shown, folder, hardware.device, views=views)
        self._whole = False  # whether net and optimiser are as after a step, and may be saved
        self._started = time.monotonic()
        self._link_seconds = 0.0
        self._words: CohortWords | None = None
        self._saved = self._tick = self._started
        self._message = ""

    def run(self) -> RunResult:
        """Train to the end.

        Raises
        ------
        Cancelled
            If it was asked to stop; the state is saved.
        """
        seed_everything(self.plan.settings.seed)
        with self.control.listener.listening():
            try:
                with self.control.hurrying():
                    self._begin()
                self._loop()
                self._keep_model()
            except Cancelled:
                self.folder.state("stopping", step=self.done)
                if self._whole:
                    self._save()
                raise
        return self._finish()

    def describe_lack_of_memory(self) -> str:
        """Say that the memory is too small for a step, and which batch would fit."""
        number = self.plan.stage_at(self.done)[0] if self.plan.steps else 0
        return lack_of_memory(self.learner, self.source, number)

    def _begin(self) -> None:
        for note in (*self.learner.hardware.notes, *self.plan.notes):
            self.report.warn(note)
        timed = self.plan.steps is None
        self._find_words()
        self._link(0)
        if self.learner.hardware.compiled or timed:
            while_others_wait(partial(self.control.tell, 0, self.plan.steps or 0, "first steps"))
            warm = first_steps(self.learner, self.source.read(0), timed)
            for note in warm.notes:
                self.report.warn(note)
            if timed:
                self._fix_steps(warm.step_seconds)
        if has_checkpoint(self.folder.last):
            self.done, extra, note = load_checkpoint(
                self.folder.last, self.learner.modules, self.learner.optimisers
            )
            if note:
                self.report.warn(note)
            self.seconds, self.best = extra["seconds"], extra["best"] or math.inf
            self.best_stage = extra["best_stage"]
            self.skipped = SkippedSteps(self.folder.path, *extra.get("skipped", ()))
            self.waiting.seconds = extra.get("waited", 0.0)
        if not same_everywhere(f"{self.done} of {self.plan.steps}"):
            raise ModelError(
                f"{self.folder.path}: the processes find different checkpoints. The run folder "
                "must be one that the computers of all processes share."
            )
        number, stage = self.plan.stage_at(self.done)
        if number:
            self._link(number)
        self.learner.enter(stage)
        self._whole = True
        self.folder.state(
            "running",
            step=self.done,
            steps=self.plan.steps,
            device=str(self.learner.hardware.device),
            precision=self.learner.hardware.precision,
            compiled=self.learner.hardware.compiled,
            processes=self.accelerator.num_processes,
        )

    def _find_words(self) -> None:
        """Find the visual words of all images, also of those held out."""
        stage = self.plan.recipe.stage_with_words
        if stage is not None:
            training, held_out = self.division.training, self.division.held_out
            self._words = find_cohort_words(
                stage,
                (*training, *held_out),
                len(training),
                self.plan.settings.seed,
                self.folder,
                self.control,
                (self.done, self.plan.steps or 0),
            )

    def _link(self, number: int) -> None:
        """Let the batches be those of a stage, and link its images."""
        begun = time.monotonic()
        linked = None
        self.source.batch = self.plan.recipe.batch_of(number)
        if self.source.batch > 1:
            linked = link_images(
                self.plan.recipe.linking_stage(number),
                self.division.training,
                self.learner.net,
                self.plan.settings.seed,
                self.folder,
                self.control,
                (self.done, self.plan.steps or 0),
            )
        self.learner.correspondences = linked
        self.source.partners = None if linked is None else linked.partners
        self.source.words = self._words_of(number)[0]
        self._link_seconds = max(self._link_seconds, time.monotonic() - begun)

    def _words_of(self, number: int) -> tuple[CohortWords | None, CohortWords | None]:
        """Return the words of the images trained on and held out, in a stage that has some."""
        if self._words is None or not self.plan.recipe.stages[number].words:
            return None, None
        return self._words.split(len(self.division.training))

    def _fix_steps(self, first_step_seconds: float) -> None:
        """Turn minutes into steps, once for the whole run."""
        mean = mean_step_seconds(self.learner, self.source, first_step_seconds, self._link)
        spent = time.monotonic() - self._started
        steps = steps_in_minutes(self.plan, spent, self._link_seconds, mean)
        minutes = minutes_of(self.plan)
        self.plan = self.learner.plan = self.plan.model_copy(update={"steps": steps})
        self.folder.write_job((self.folder.read_job() or {}) | job_record(self.plan, self.division))
        self.folder.event("log", message=describe_steps(minutes, steps, mean))
        few = warn_of_few(minutes, steps, mean)
        if few:
            self.report.warn(few)

    def _loop(self) -> None:
        steps = self._steps
        every = max(1, steps // EVENTS_A_RUN)
        self.report.steps = steps
        self.report.clusters = self._watch_clusters()
        self.report.spread = SpreadWatch(steps)
        self._saved = self._tick = time.monotonic()
        number, stage = self.plan.stage_at(self.done)
        while self.done < steps:
            end = self.plan.stage_ends()[number]
            self.report.images_a_step = self._images_a_step(number)
            with closing(read_ahead(self.source, self.done, end)) as batches:
                for step, batch in self.waiting.over(batches):
                    if self.control.obey(self.done, steps, self._message, self._save):
                        self.report.forget_rate()
                        self._tick = time.monotonic()
                    self._step(number, step, batch, every)
            if self.done < steps:
                number, stage = self.plan.stage_at(self.done)
                self._change_stage(number, stage)
                self.folder.event("log", message=f"stage {stage.name}")
                self.report.forget_rate()
                self.measured.begin()
                self._tick = time.monotonic()

    def _images_a_step(self, number: int) -> int:
        """Return the images that all processes draw in a step of a stage."""
        processes: int = self.accelerator.num_processes
        return self.plan.recipe.batch_of(number) * processes

    def _change_stage(self, number: int, stage: Stage) -> None:
        """Make ready for a stage; linking and compiling take long, so that all is saved first."""
        self._save()
        self._saved = time.monotonic()
        self._whole = False
        with self.control.hurrying():
            self._link(number)
            self.learner.enter(stage)

    def _step(self, number: int, step: int, batch: ImageBatch, every: int) -> None:
        """Take one step; report, validate and save when it is time."""
        steps = self._steps
        stage = self.plan.recipe.stages[number]
        first, end = self.plan.schedule_span(step)
        factor = rate_factor(self.plan.recipe.schedule, step - first, end - first)
        lr = self.plan.recipe.optimiser.lr * factor * stage.rate
        seed = view_seed(self.plan.settings.seed, step)
        with nullcontext() if self._whole else self.control.hurrying():
            loss, metrics = self.learner.step(number, batch, seed, lr, self.plan.place(step))
        while self.learner.news:
            self.report.warn(self.learner.news.pop(0))
        self._whole = True
        self.done = step + 1
        said = self.skipped.see(self.done, self.learner.taken)
        if said:
            self.report.warn(said)
        now = time.monotonic()
        took, self._tick = now - self._tick, now
        self.seconds += took
        self.measured.step(took, self.done, steps, self.seconds)
        if self.done % every == 0 or self.done in (1, steps):
            self._message = self.report.step(
                self.done,
                self.seconds,
                stage.name,
                loss,
                metrics,
                lr,
                self.skipped.total,
                self.learner.taken,
                self.waiting.seconds,
            )
        at_once = self.done == steps
        if self.preview is not None and self.preview.update(self.learner.net, self.done, at_once):
            self._tick = time.monotonic()
        if self.done % self.plan.recipe.validate_every == 0 or self.done == steps:
            self._validate(number)
        if now - self._saved > CHECKPOINT_SECONDS or self.done == steps:
            self._save()
            self._saved = time.monotonic()

    def _watch_clusters(self) -> ClusterWatch | None:
        """Watch the clusters of the last stage from its middle on."""
        clusters = self.plan.recipe.architecture.clusters
        ends = [0, *self.plan.stage_ends()]
        return ClusterWatch(clusters, (ends[-2] + ends[-1]) // 2) if clusters else None

    def _keep_model(self) -> None:
        """Leave the model: the best on held-out images, or the last; and its prototypes.

        Raises
        ------
        Cancelled
            If it was asked to stop meanwhile.
        """

        def keep() -> None:
            if not (self.division.held_out and math.isfinite(self.best)):
                self._save_model()
            if self.plan.recipe.architecture.clusters:
                device = self.learner.hardware.device
                add_prototypes(self.folder.model, self.division.training, device, self._tell_image)

        while_others_wait(keep if self.accelerator.is_main_process else None)
        self.control.agree_to_go_on(self.done, False)

    def _tell_image(self, done: int, total: int, message: str) -> None:
        """Report images as a message beside the steps."""
        self.control.tell(self.done, self._steps, f"{message} {done + 1}/{total}")

    def _finish(self) -> RunResult:
        self.accelerator.wait_for_everyone()
        share = self.waiting.share_of(self.seconds)
        seconds = round(self.seconds, 1)
        self.folder.state("done", step=self.done, seconds=seconds, waiting_share=share)
        self.control.progress(self.done, self._steps, "done")
        return RunResult(
            self.folder.model,
            self.done,
            self.seconds,
            self.report.history,
            tuple(self.report.warnings),
            share,
        )

    @property
    def _steps(self) -> int:
        steps = self.plan.steps
        assert steps is not None
        return steps

    def _validate(self, number: int) -> None:
        if not self.division.held_out:
            return
        source = self.source
        together = source.batch * source.processes
        count = min(VALIDATION_BATCHES, math.ceil(len(self.division.held_out) / together))
        held_out = BatchSource(
            self.division.held_out,
            self.plan.canvas,
            source.batch,
            seed=0,
            process=source.process,
            processes=source.processes,
        )
        held_out.words = self._words_of(number)[1]
        loss = self.learner.validate(number, [held_out.read(index) for index in range(count)])
        if not math.isfinite(loss):
            self.report.warn(f"the loss on held-out images is no finite number at step {self.done}")
            return
        self.folder.event("metric", step=self.done, validation_loss=round(loss, 5))
        if loss < self.best or number != self.best_stage:
            self.best, self.best_stage = loss, number
            if self.accelerator.is_main_process:
                self._save_checkpoint(self.folder.best)
                self._save_model()

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            self._save_checkpoint(self.folder.last)

    def _save_checkpoint(self, folder: Path) -> None:
        best = self.best if math.isfinite(self.best) else None
        extra = {
            "seconds": self.seconds,
            "best": best,
            "best_stage": self.best_stage,
            "skipped": [self.skipped.total, self.skipped.in_a_row],
            "waited": self.waiting.seconds,
        }
        save_checkpoint(folder, self.done, self.learner.modules, self.learner.optimisers, extra)

    def _save_model(self) -> None:
        save_trained_model(self.folder.model, self.learner.net, self.plan, self.done)
