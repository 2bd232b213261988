"""Objectives and optimiser from their settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from medssl import objectives
from medssl.nets import DenseNet
from medssl.objectives import LearningObjective, ShapeAdversary, ShapeMasks
from medssl.pretrain.recipe import ObjectiveSettings, Optimiser, Recipe

SGD_MOMENTUM = 0.9
_MODULES: dict[str, Callable[[Any], nn.Module]] = {
    "dense_discrimination": objectives.DenseDiscrimination,
    "dense_matching": objectives.DenseMatching,
    "cross_image_matching": objectives.CrossImageMatching,
    "patch_discrimination": objectives.PatchDiscrimination,
    "hypersphere_mixup": objectives.HypersphereMixup,
    "region_discrimination": objectives.RegionDiscrimination,
    "assignment_entropy": objectives.AssignmentEntropy,
    "assignment_balance": objectives.AssignmentBalance,
    "moco": objectives.Moco,
    "barlow_twins": objectives.BarlowTwins,
    "simsiam": objectives.Simsiam,
    "visual_words": objectives.VisualWords,
    "restoration": objectives.Restoration,
    "adversarial": objectives.Adversarial,
    "shape_contrast": objectives.ShapeContrast,
    "shape_adversary": objectives.ShapeAdversary,
}


class Objectives(nn.ModuleList):
    """The objectives of a recipe: one that several stages have is one, and goes on learning.

    Parameters
    ----------
    recipe
        Its stages are asked for their objectives; weights may differ between stages.
    net
        What the objectives are attached to.
    seed
        Decides the beginning of each objective's own weights.
    shapes
        Masks of a shape, for the objectives that know one.
    """

    def __init__(
        self, recipe: Recipe, net: DenseNet, seed: int, shapes: ShapeMasks | None = None
    ) -> None:
        super().__init__()
        known: list[ObjectiveSettings] = []
        self._of_stage: list[list[int]] = []
        for stage in recipe.stages:
            chosen = []
            for settings in stage.objectives:
                bare = settings.model_copy(update={"weight": 1.0})
                if bare not in known:
                    known.append(bare)
                    self.append(_build(settings, net, seed))
                chosen.append(known.index(bare))
            self._of_stage.append(chosen)
        for module in self:
            if isinstance(module, ShapeAdversary) and shapes is not None:
                module.show(shapes)
        self.kinds = [settings.kind for settings in known]

    def of_stage(self, number: int) -> list[nn.Module]:
        """Return the objectives of a stage, in the order of its settings."""
        return [self[index] for index in self._of_stage[number]]

    def learning(self, number: int | None = None) -> list[LearningObjective]:
        """Return those that learn, of a stage or of all."""
        chosen = self if number is None else self.of_stage(number)
        return [module for module in chosen if isinstance(module, LearningObjective)]

    def learned_with_the_net(self) -> list[nn.Parameter]:
        """Return the parameters that the net's optimiser trains."""
        return [p for p in self.parameters() if p.requires_grad]

    def own_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return the optimisers that objectives have for themselves, by name."""
        return {
            f"{number}-{kind}": module.own_optimiser
            for number, (kind, module) in enumerate(zip(self.kinds, self, strict=True))
            if isinstance(module, LearningObjective) and module.own_optimiser is not None
        }


class _Sgd(torch.optim.SGD):
    """SGD with momentum whose parameters may begin to learn one after the other, by stages.

    torch's fused step takes it that the parameters of a group have momenta all or none.
    """

    def step(self, closure: Any = None) -> Any:
        """Take a step; a momentum begins at 0, so that the first is the gradient itself."""
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                if parameter.grad is not None and state.get("momentum_buffer") is None:
                    state["momentum_buffer"] = torch.zeros_like(parameter, requires_grad=False)
        return super().step(closure)


def build_optimiser(
    wanted: Optimiser, net: nn.Module, objectives: Objectives, device: torch.device
) -> torch.optim.Optimizer:
    """Build the optimiser of net and objectives; steady parameters are a group of their own."""
    steady = [p for module in objectives.learning() for p in module.steady_parameters()]
    known = {id(p) for p in steady}
    others = [p for p in objectives.learned_with_the_net() if id(p) not in known]
    groups: list[dict[str, Any]] = [{"params": list(net.parameters()), "steady": False}]
    if others:
        groups.append({"params": others, "steady": False})
    if steady:
        groups.append({"params": steady, "steady": True})
    values: dict[str, Any] = {
        "lr": wanted.lr,
        "weight_decay": wanted.weight_decay,
        "fused": device.type in ("cpu", "cuda"),
    }
    if wanted.kind == "sgd":
        return _Sgd(groups, momentum=SGD_MOMENTUM, **values)
    kind = torch.optim.Adam if wanted.kind == "adam" else torch.optim.AdamW
    return kind(groups, **values)


def _build(settings: ObjectiveSettings, net: DenseNet, seed: int) -> nn.Module:
    module = _MODULES[settings.kind](settings)
    if isinstance(module, LearningObjective):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module.attach(net)
    return module
