"""One step of training: views, embeddings, losses, gradient."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from medssl.correspond import Correspondences
from medssl.nets import DenseNet, build_net, normalise_input
from medssl.nets.shared_norm import share_batch_norm
from medssl.objectives import (
    AssignmentEntropy,
    AssignmentEntropySettings,
    CrossImageMatching,
    CrossImageMatchingSettings,
    DenseDiscrimination,
    DenseDiscriminationSettings,
    DenseMatching,
    DenseMatchingSettings,
    HypersphereMixup,
    HypersphereMixupSettings,
    Outputs,
    PatchDiscrimination,
    PatchDiscriminationSettings,
    PatchPooling,
    RegionDiscrimination,
    RegionDiscriminationSettings,
    pool_patches,
)
from medssl.pretrain.hardware import Hardware
from medssl.pretrain.parts import backward_in_parts
from medssl.pretrain.plan import Plan
from medssl.pretrain.recipe import ObjectiveSettings, Stage
from medssl.processes import process_count
from medssl.views import DenseViews, ImageBatch, PairViews, make_dense_views, make_pair_views

if TYPE_CHECKING:
    from accelerate import Accelerator

_Kind = tuple[PatchPooling | None, bool, Hardware]
"""What a compiled net is compiled for: pooling, assignment, hardware."""


class TrainingNet(nn.Module):
    """The net with what is compiled along with it: precision, pooling, assignment.

    Parameters
    ----------
    net
        The dense net; shared, not copied.
    pooling
        Grid to pool on, or None.
    assigns
        Whether cells are assigned to clusters.
    bf16
        Whether convolutions run in bf16.
    """

    def __init__(
        self, net: DenseNet, pooling: PatchPooling | None, assigns: bool, bf16: bool
    ) -> None:
        super().__init__()
        self.net = net
        self.pooling = pooling
        self.assigns = assigns
        self.bf16 = bf16

    def forward(self, images: Tensor) -> Outputs:
        """Embed views ``(V, C, *view)``."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
            values = normalise_input(images)
            cells, assignment = (
                self.net.embed_and_assign(values) if self.assigns else (self.net(values), None)
            )
        patches = None if self.pooling is None else pool_patches(cells, self.pooling)
        return Outputs(cells, patches, assignment)


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

    Attributes
    ----------
    may_take_parts
        Whether a step whose views do not fit into the memory may take them in parts.
    views_at_once
        Views that are in the net at once; None: all.
    news
        What a person should know of the steps since it was last emptied.
    """

    def __init__(self, plan: Plan, hardware: Hardware, accelerator: Accelerator) -> None:
        self.plan = plan
        self.hardware = hardware
        self.accelerator = accelerator
        self.memory_format = (
            torch.channels_last if plan.recipe.architecture.ndim == 2 else torch.channels_last_3d
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.settings.seed)
            net = build_net(plan.recipe.architecture)
        self.net = net.to(hardware.device)
        if process_count() > 1:
            share_batch_norm(self.net, hardware.device)
        _lay_out(self.net, self.memory_format)
        self.objectives = nn.ModuleList(
            nn.ModuleList(build_objective(objective) for objective in stage.objectives)
            for stage in plan.recipe.stages
        ).to(hardware.device)
        self.optimiser = self._build_optimiser()
        self.correspondences: Correspondences | None = None
        self.may_take_parts = hardware.device.type == "cuda" and process_count() == 1
        self.views_at_once: int | None = None
        self.news: list[str] = []
        self._forward: nn.Module = self.net
        self._entered: _Kind | None = None
        self._training_nets: dict[_Kind, TrainingNet] = {}

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What a checkpoint keeps."""
        return {"net": self.net, "objectives": self.objectives}

    def enter(self, stage: Stage) -> None:
        """Make ready for the steps of a stage; what is compiled already stays so.

        A clustering head that the stage does not use is frozen: several processes would wait for
        its gradients.
        """
        wanted = (stage.pooling, stage.assigns, self.hardware)
        if wanted == self._entered:
            return
        self._entered = wanted
        if self.net.cluster_head is not None:
            self.net.cluster_head.requires_grad_(stage.assigns)
        training_net = self._training_nets.get(wanted)
        if training_net is None:
            training_net = self._training_nets[wanted] = self._plain(stage)
            if self.hardware.compiled:
                training_net.compile()
        self.accelerator.free_memory()  # lets go of what was prepared for the stage before
        self._forward = self.accelerator.prepare_model(training_net)

    def loss(self, number: int, batch: ImageBatch, seed: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted loss of a batch in stage `number`, and what to watch."""
        stage = self.plan.recipe.stages[number]
        views = self._views(stage, batch.to(self.hardware.device), seed)
        images = views.images.contiguous(memory_format=self.memory_format)
        return self._judge(number, views, self._forward(images))

    def step(
        self, number: int, batch: ImageBatch, seed: int, lr: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Take one step; returns loss and metrics without gradient, still on the device."""
        self.net.train()
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        loss, metrics = self._gradient(number, batch, seed)
        if self.plan.recipe.optimiser.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.plan.recipe.optimiser.clip_norm)
        self.optimiser.step()
        return loss.detach(), metrics

    @torch.no_grad()
    def validate(self, number: int, batches: list[ImageBatch]) -> float:
        """Return the mean loss of batches, the net as it is used later, always the same views."""
        stage = self.plan.recipe.stages[number]
        kept = self._forward
        self._forward = TrainingNet(self.net, stage.pooling, stage.assigns, bf16=False)
        self.net.eval()
        try:
            losses = [self.loss(number, batch, seed)[0] for seed, batch in enumerate(batches)]
        finally:
            self._forward = kept
            self.net.train()
        return float(torch.stack(losses).mean())

    def _gradient(
        self, number: int, batch: ImageBatch, seed: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Put the gradient of a batch into the weights; with fewer views at once if need be."""
        while True:
            self.optimiser.zero_grad(set_to_none=True)
            try:
                return self._gradient_once(number, batch, seed)
            except torch.OutOfMemoryError:
                if not self._take_fewer_at_once(number, batch):
                    raise
            torch.cuda.empty_cache()  # here the tensors of the failed attempt are let go of

    def _gradient_once(
        self, number: int, batch: ImageBatch, seed: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        if self.views_at_once is None:
            loss, metrics = self.loss(number, batch, seed)
            self.accelerator.backward(loss)
            return loss, metrics
        stage = self.plan.recipe.stages[number]
        views = self._views(stage, batch.to(self.hardware.device), seed)
        images = views.images.contiguous(memory_format=self.memory_format)
        return backward_in_parts(
            self._plain(stage), images, self.views_at_once, partial(self._judge, number, views)
        )

    def _take_fewer_at_once(self, number: int, batch: ImageBatch) -> bool:
        """Halve the number of views that are in the net at once; False where that is no help."""
        if not self.may_take_parts or self.views_at_once == 1:
            return False
        stage = self.plan.recipe.stages[number]
        count = len(batch.images) * 2 if stage.views.kind == "dense" else len(batch.images) * 5 // 2
        self.views_at_once = max(1, (self.views_at_once or count) // 2)
        self.news.append(
            f"the memory of {self.hardware.device} is too small for the {count} views of a step at "
            f"once: {self.views_at_once} at a time go through the net from now on. The loss still "
            "sees all of them together; batch norm takes its statistics from those at a time."
        )
        return True

    def _judge(
        self, number: int, views: DenseViews | PairViews, outputs: Outputs
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted loss of what the net makes of all views, and what to watch."""
        metrics: dict[str, Tensor] = {}
        total = torch.zeros((), device=views.images.device)
        objectives = zip(
            self.plan.recipe.stages[number].objectives, self._objectives(number), strict=True
        )
        for settings, objective in objectives:
            result = objective(views, outputs, self.net.stride)
            total = total + settings.weight * result.loss
            metrics[settings.kind] = result.loss.detach()
            metrics |= result.metrics
        return total, metrics

    def _plain(self, stage: Stage) -> TrainingNet:
        """Return the net for a stage as it is before it is compiled."""
        bf16 = self.hardware.precision == "bf16"
        return TrainingNet(self.net, stage.pooling, stage.assigns, bf16)

    def _views(self, stage: Stage, batch: ImageBatch, seed: int) -> DenseViews | PairViews:
        draws = batch.draws(seed)
        if stage.views.kind == "dense":
            linked = self.correspondences
            carry = linked.carry if linked is not None else None
            return make_dense_views(batch, stage.views, draws, carry)
        return make_pair_views(batch, stage.views, self.plan.view, draws)

    def _objectives(self, number: int) -> nn.ModuleList:
        found = self.objectives[number]
        assert isinstance(found, nn.ModuleList)
        return found

    def _build_optimiser(self) -> torch.optim.Optimizer:
        wanted = self.plan.recipe.optimiser
        kind = torch.optim.Adam if wanted.kind == "adam" else torch.optim.AdamW
        values: dict[str, Any] = {"lr": wanted.lr, "weight_decay": wanted.weight_decay}
        fused = self.hardware.device.type in ("cpu", "cuda")
        return kind(self.net.parameters(), fused=fused, **values)


def _lay_out(net: nn.Module, memory_format: torch.memory_format) -> None:
    """Put convolution weights in the memory format of the images."""
    dims = 4 if memory_format == torch.channels_last else 5
    for parameter in net.parameters():
        if parameter.ndim == dims:
            parameter.data = parameter.data.contiguous(memory_format=memory_format)


def build_objective(settings: ObjectiveSettings) -> nn.Module:
    """Build the objective that belongs to its settings."""
    if isinstance(settings, DenseDiscriminationSettings):
        return DenseDiscrimination(settings)
    if isinstance(settings, PatchDiscriminationSettings):
        return PatchDiscrimination(settings)
    if isinstance(settings, DenseMatchingSettings):
        return DenseMatching(settings)
    if isinstance(settings, CrossImageMatchingSettings):
        return CrossImageMatching(settings)
    if isinstance(settings, RegionDiscriminationSettings):
        return RegionDiscrimination(settings)
    if isinstance(settings, AssignmentEntropySettings):
        return AssignmentEntropy(settings)
    assert isinstance(settings, HypersphereMixupSettings)
    return HypersphereMixup(settings)
