"""One step of training: views, embeddings, losses, gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from medssl.correspond import Correspondences
from medssl.errors import SettingsError
from medssl.nets import DenseNet, Parts, build_net, normalise_input, take_over
from medssl.nets.shared_norm import share_batch_norm
from medssl.objectives import AdversarialSettings, Outputs, PatchPooling, ShapeMasks, pool_patches
from medssl.objectives.finite import all_finite
from medssl.objectives.gather import average_gradients
from medssl.pretrain.build import Objectives, build_optimiser
from medssl.pretrain.hardware import Hardware
from medssl.pretrain.parts import backward_in_parts
from medssl.pretrain.plan import Plan
from medssl.pretrain.recipe import ObjectiveSettings, Stage
from medssl.pretrain.skipped import KeptStatistics
from medssl.processes import process_count
from medssl.views import (
    DenseViews,
    ImageBatch,
    PairViews,
    make_dense_views,
    make_distorted_views,
    make_pair_views,
)

if TYPE_CHECKING:
    from accelerate import Accelerator

_Kind = tuple[PatchPooling | None, Parts, Hardware]
"""What a compiled net is compiled for: pooling, outputs, hardware."""


@dataclass(frozen=True)
class Forwarded:
    """What a batch became on the way to its loss."""

    views: DenseViews | PairViews
    outputs: Outputs
    loss: Tensor
    metrics: dict[str, Tensor]


class TrainingNet(nn.Module):
    """The net with what is compiled along with it: precision, pooling, which outputs.

    Parameters
    ----------
    net
        The dense net; shared, not copied.
    pooling
        Grid to pool on, or None.
    parts
        Outputs that the objectives need.
    bf16
        Whether convolutions run in bf16.
    """

    def __init__(
        self, net: DenseNet, pooling: PatchPooling | None, parts: Parts, bf16: bool
    ) -> None:
        super().__init__()
        self.net = net
        self.pooling = pooling
        self.parts = parts
        self.bf16 = bf16

    def forward(self, images: Tensor) -> Outputs:
        """Embed, restore, ... views ``(V, C, *view)``."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
            made = self.net.outputs(normalise_input(images), self.parts)
        patches = None
        if self.pooling is not None and made.embedding is not None:
            patches = pool_patches(made.embedding, self.pooling)
        return Outputs(made.embedding, patches, made.assignment, made.deepest, made.restored)


class Learner:
    """Net, objectives and optimiser of a training, and how a step changes them.

    Parameters
    ----------
    plan
        What is trained and how.
    hardware
        Device, precision, compilation.
    accelerator
        Shares the work between processes.
    shapes
        Masks of a shape, for the objectives that know one.
    begin
        A net whose tensors of the same name and shape this one begins with.

    Attributes
    ----------
    may_take_parts
        Whether a step whose views do not fit into the memory may take them in parts.
    views_at_once
        Views that are in the net at once; None: all.
    taken
        Whether the last step was taken: one whose loss or gradient is no finite number is not,
        and leaves everything as it was.
    news
        What a person should know of the steps since it was last emptied.
    """

    def __init__(
        self,
        plan: Plan,
        hardware: Hardware,
        accelerator: Accelerator,
        shapes: ShapeMasks | None = None,
        begin: DenseNet | None = None,
    ) -> None:
        self.plan = plan
        self.hardware = hardware
        self.accelerator = accelerator
        self.memory_format = (
            torch.channels_last if plan.recipe.architecture.ndim == 2 else torch.channels_last_3d
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.settings.seed)
            net = build_net(plan.recipe.architecture)
        if begin is not None and not take_over(net, begin):
            raise SettingsError("nothing of the model fits the net that is trained; take another")
        self.net = net.to(hardware.device)
        if process_count() > 1:
            share_batch_norm(self.net, hardware.device)
        _lay_out(self.net, self.memory_format)
        seed = plan.settings.seed
        self.objectives = Objectives(plan.recipe, self.net, seed, shapes).to(hardware.device)
        if process_count() > 1:
            share_batch_norm(self.objectives, hardware.device)
        self.optimiser = build_optimiser(
            plan.recipe.optimiser, self.net, self.objectives, hardware.device
        )
        self.correspondences: Correspondences | None = None
        self.may_take_parts = hardware.device.type == "cuda" and process_count() == 1
        self.views_at_once: int | None = None
        self.taken = True
        self.news: list[str] = []
        self._forward: nn.Module = self.net
        self._entered: _Kind | None = None
        self._training_nets: dict[_Kind, TrainingNet] = {}
        if hardware.compiled:  # torch keeps a few compiled forms of one code, of other nets too
            torch.compiler.reset()

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What a checkpoint keeps."""
        return {"net": self.net, "objectives": self.objectives}

    @property
    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """All optimisers by name, those that objectives have for themselves too."""
        return {"net": self.optimiser, **self.objectives.own_optimisers()}

    def enter(self, stage: Stage) -> None:
        """Make ready for the steps of a stage; what is compiled already stays so.

        Parts of the net that the stage does not use are frozen: several processes would wait for
        their gradients.
        """
        parts = stage.parts(self.plan.recipe.architecture)
        wanted = (stage.pooling, parts, self.hardware)
        if wanted == self._entered:
            return
        self._entered = wanted
        self.net.freeze_but(parts)
        training_net = self._training_nets.get(wanted)
        if training_net is None:
            training_net = self._training_nets[wanted] = self._plain(stage)
            if self.hardware.compiled:
                # Shapes are the same in all steps; torch guesses otherwise after other trainings.
                training_net.compile(dynamic=False)
        self.accelerator.free_memory()  # lets go of what was prepared for the stage before
        self._forward = self.accelerator.prepare_model(training_net)

    def loss(
        self, number: int, batch: ImageBatch, seed: int, place: float = 1.0
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted loss of a batch in stage `number`, and what to watch."""
        made = self._run(number, batch, seed, place)
        return made.loss, made.metrics

    def step(
        self, number: int, batch: ImageBatch, seed: int, lr: float, place: float = 1.0
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Take one step; returns loss and metrics without gradient, still on the device.

        Parameters
        ----------
        number
            Of the stage.
        batch, seed
            Images, and what their views are drawn from.
        lr
            Learning rate.
        place
            Where in the stage the step lies, from 0 to 1: some weights rise with it.
        """
        self._train(True)
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.recipe.optimiser.lr if group["steady"] else lr
        statistics = KeptStatistics(self.net, self.objectives)
        made = self._gradient(number, batch, seed, place)
        learned = self.objectives.learned_with_the_net()
        average_gradients(learned)
        self.taken = all_finite(made.loss, (*self.net.parameters(), *learned))
        if not self.taken:
            statistics.put_back()
            return made.loss.detach(), made.metrics
        if self.plan.recipe.optimiser.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.plan.recipe.optimiser.clip_norm)
        self.optimiser.step()
        metrics = made.metrics
        for objective in self.objectives.learning(number):
            assert isinstance(made.views, DenseViews)
            metrics = metrics | objective.after_step(made.views, made.outputs)
        return made.loss.detach(), metrics

    @torch.no_grad()
    def validate(self, number: int, batches: list[ImageBatch]) -> float:
        """Return the mean loss of batches, the net as it is used later, always the same views.

        Nothing learns or remembers by it.
        """
        stage = self.plan.recipe.stages[number]
        kept = self._forward
        parts = stage.parts(self.plan.recipe.architecture)
        self._forward = TrainingNet(self.net, stage.pooling, parts, bf16=False)
        self._train(False)
        try:
            losses = [self.loss(number, batch, seed)[0] for seed, batch in enumerate(batches)]
        finally:
            self._forward = kept
            self._train(True)
        return float(torch.stack(losses).mean())

    def _gradient(self, number: int, batch: ImageBatch, seed: int, place: float) -> Forwarded:
        """Put the gradient of a batch into the weights; with fewer views at once if need be."""
        while True:
            self.optimiser.zero_grad(set_to_none=True)
            try:
                return self._gradient_once(number, batch, seed, place)
            except torch.OutOfMemoryError:
                if not self._take_fewer_at_once(number, batch):
                    raise
            torch.cuda.empty_cache()  # here the tensors of the failed attempt are let go of

    def _gradient_once(self, number: int, batch: ImageBatch, seed: int, place: float) -> Forwarded:
        if self.views_at_once is None:
            made = self._run(number, batch, seed, place)
            self.accelerator.backward(made.loss)
            return made
        stage = self.plan.recipe.stages[number]
        views = self._views(stage, batch.to(self.hardware.device), seed)
        images = views.images.contiguous(memory_format=self.memory_format)
        judge = partial(self._judge, number, views, place)
        return backward_in_parts(self._plain(stage), images, self.views_at_once, judge)

    def _take_fewer_at_once(self, number: int, batch: ImageBatch) -> bool:
        """Halve the number of views that are in the net at once; False where that is no help."""
        if not self.may_take_parts or self.views_at_once == 1:
            return False
        pairs = self.plan.recipe.stages[number].views.kind == "pairs"
        count = len(batch.images) * 5 // 2 if pairs else len(batch.images) * 2
        self.views_at_once = max(1, (self.views_at_once or count) // 2)
        self.news.append(
            f"the memory of {self.hardware.device} is too small for the {count} views of a step at "
            f"once: {self.views_at_once} at a time go through the net from now on. The loss still "
            "sees all of them together; batch norm takes its statistics from those at a time."
        )
        return True

    def _run(self, number: int, batch: ImageBatch, seed: int, place: float) -> Forwarded:
        stage = self.plan.recipe.stages[number]
        views = self._views(stage, batch.to(self.hardware.device), seed)
        images = views.images.contiguous(memory_format=self.memory_format)
        return self._judge(number, views, place, self._forward(images))

    def _judge(
        self, number: int, views: DenseViews | PairViews, place: float, outputs: Outputs
    ) -> Forwarded:
        """Return the weighted loss of what the net makes of all views, and what to watch."""
        metrics: dict[str, Tensor] = {}
        total = torch.zeros((), device=views.images.device)
        objectives = zip(
            self.plan.recipe.stages[number].objectives,
            self.objectives.of_stage(number),
            strict=True,
        )
        for settings, objective in objectives:
            result = objective(views, outputs, self.net.stride)
            total = total + _weight(settings, place) * result.loss
            metrics[settings.kind] = result.loss.detach()
            metrics |= result.metrics
        return Forwarded(views, outputs, total, metrics)

    def _plain(self, stage: Stage) -> TrainingNet:
        """Return the net for a stage as it is before it is compiled."""
        bf16 = self.hardware.precision == "bf16"
        parts = stage.parts(self.plan.recipe.architecture)
        return TrainingNet(self.net, stage.pooling, parts, bf16)

    def _train(self, mode: bool) -> None:
        self.net.train(mode)
        self.objectives.train(mode)

    def _views(self, stage: Stage, batch: ImageBatch, seed: int) -> DenseViews | PairViews:
        draws = batch.draws(seed)
        if stage.views.kind == "dense":
            linked = self.correspondences
            carry = linked.carry if linked is not None else None
            return make_dense_views(batch, stage.views, draws, carry)
        if stage.views.kind == "distorted":
            return make_distorted_views(batch, stage.views, draws)
        return make_pair_views(batch, stage.views, self.plan.view, draws)


def _weight(settings: ObjectiveSettings, place: float) -> float:
    """Return the weight of an objective at a place in its stage."""
    if isinstance(settings, AdversarialSettings) and settings.ramp > 0:
        return settings.weight * min(1.0, place / settings.ramp)
    return settings.weight


def _lay_out(net: nn.Module, memory_format: torch.memory_format) -> None:
    """Put convolution weights in the memory format of the images."""
    dims = 4 if memory_format == torch.channels_last else 5
    for parameter in net.parameters():
        if parameter.ndim == dims:
            parameter.data = parameter.data.contiguous(memory_format=memory_format)
