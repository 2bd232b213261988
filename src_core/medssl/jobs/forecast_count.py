"""Count what one step of a training computes and keeps, without computing it."""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import flop_registry

from medssl.pretrain.hardware import Hardware, Precision
from medssl.pretrain.learner import Learner
from medssl.pretrain.plan import Plan
from medssl.views.batch import ImageBatch

if TYPE_CHECKING:
    from accelerate import Accelerator

    from medssl.correspond import Correspondences

_OPTIMISER_STATES = 2
"""Moments that Adam keeps of each weight."""


@dataclass(frozen=True)
class StepCount:
    """What one step takes, computed uncompiled.

    Parameters
    ----------
    operations
        Multiplications and additions of convolutions and matrix products.
    moved_bytes
        What everything else reads and writes.
    calls
        Number of operations that are started, large and small.
    peak_bytes
        Most that is held at once: weights, optimiser, batch, views, activations, gradients.
    forward_bytes
        Most that is held up to the loss: what a compiled net, which makes gradients in place,
        holds at all.
    weight_bytes
        The weights of net and objectives alone.
    """

    operations: float
    moved_bytes: float
    calls: int
    peak_bytes: int
    forward_bytes: int
    weight_bytes: int


def count_step(plan: Plan, number: int, precision: Precision) -> StepCount:
    """Count a step of stage `number`: views, net, losses and gradient.

    The trainer's own step runs on tensors that have a shape and no values, so that whatever a
    recipe does is counted, and every tensor is followed from its making to its end.
    """
    stage = plan.recipe.stages[number]
    learner = Learner(
        plan, Hardware(torch.device("cpu"), precision, compiled=False), cast("Accelerator", _One())
    )
    if stage.correspondences != "none" and plan.recipe.batch_of(number) > 1 and plan.n_images > 1:
        learner.correspondences = cast("Correspondences", _SamePlace())
    learner.enter(stage)
    learner.net.train()
    counter = _Counter()
    with FakeTensorMode(allow_non_fake_inputs=True), counter:
        linked = learner.correspondences is not None
        batch = _batch(plan, number, linked, worded=stage.words > 0)
        loss, _ = learner.loss(number, batch, seed=0)
        forward = counter.peak
        torch.autograd.backward(loss)
        del loss, batch
    weights = sum(
        p.numel() * p.element_size()
        for module in learner.modules.values()
        for p in module.parameters()
    )
    always = (1 + _OPTIMISER_STATES) * weights
    return StepCount(
        operations=counter.operations,
        moved_bytes=counter.moved,
        calls=counter.calls,
        peak_bytes=counter.peak + always,
        forward_bytes=forward + always,
        weight_bytes=weights,
    )


class _One:
    """What a learner needs to know of processes where there is one."""

    num_processes = 1
    process_index = 0
    is_main_process = True

    def prepare_model(self, model: torch.nn.Module) -> torch.nn.Module:
        return model

    def free_memory(self) -> None:
        return


class _SamePlace:
    """Links between images for counting: every place lies in the partner where it lies here."""

    def carry(self, case: int, choice: int, places_vox: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        return places_vox, torch.ones(len(places_vox))


def _batch(plan: Plan, number: int, linked: bool, worded: bool) -> ImageBatch:
    """Make a batch as the loader does, of images that fill the canvas."""
    count = plan.recipe.batch_of(number)
    count = count // 2 * 2 if linked else count
    channels, ndim = plan.recipe.architecture.in_channels, len(plan.canvas)
    return ImageBatch(
        torch.empty(count, channels, *plan.canvas),
        torch.zeros(count, ndim),
        torch.tensor(plan.canvas, dtype=torch.float32).expand(count, ndim),
        torch.arange(count),
        torch.zeros(count // 2, dtype=torch.long) if linked else None,
        word=torch.zeros(count, dtype=torch.long) if worded else None,
        aim=torch.zeros(count, ndim) if worded else None,
    )


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the operations and the bytes of all tensors made under it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0.0
        self.moved = 0.0
        self.calls = 0
        self.peak = 0
        self._held = 0
        self._known: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:  # noqa: SLF001 - an operator's name
            return 0  # a value is asked for, and there are none
        kwargs = dict(kwargs or {})
        result = func(*args, **kwargs)
        made = [value for value in tree_iter(result) if isinstance(value, Tensor)]
        formula = flop_registry.get(func.overloadpacket)
        if formula is not None:
            self.operations += formula(*args, **kwargs, out_val=result)
            self.calls += 1
        elif made and not func.is_view:
            self.calls += 1
            read = [value for value in tree_iter((args, kwargs)) if isinstance(value, Tensor)]
            self.moved += sum(value.numel() * value.element_size() for value in [*read, *made])
        for value in made:
            self._hold(value.untyped_storage())
        return result

    def _hold(self, storage: torch.UntypedStorage) -> None:
        """Count a storage from now until nobody holds it."""
        key, size = id(storage), storage.nbytes()
        if key in self._known:
            return

        def let_go(_: object) -> None:
            self._held -= size
            del self._known[key]

        self._known[key] = weakref.ref(storage, let_go)
        self._held += size
        self.peak = max(self.peak, self._held)


def mebibytes(count: float) -> int:
    """Round bytes up to whole mebibytes."""
    return math.ceil(count / 2**20)
