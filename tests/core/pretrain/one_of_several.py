"""One process of several that train together, for `test_several`.

``one_of_several.py FOLDER WHAT...`` trains each of WHAT in the run folder ``FOLDER/WHAT``; for
``gradients-WHAT`` the gradient of its first loss in its last stage is kept instead. In one process
the batch is as large as that of all processes together. ``--end-at=STEP`` ends the last process
there, as a full memory does.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from medssl.correspond import CohortWords
from medssl.nets import Architecture
from medssl.objectives import (
    AssignmentEntropySettings,
    DenseDiscriminationSettings,
    RegionDiscriminationSettings,
)
from medssl.presets import ld_recipe
from medssl.pretrain import Optimiser, PretrainSettings, Stage, make_plan, pretrain
from medssl.pretrain.hardware import Hardware, start_accelerator
from medssl.pretrain.learner import Forwarded, Learner
from medssl.pretrain.loader import BatchSource
from medssl.processes import is_first_process, launched_processes
from medssl.views import DenseViewSettings

sys.path.insert(0, str(Path(__file__).parent))
from cohorts import linked_stages, make_cohort, tiny_settings
from dira import tiny_dira

STEPS = 20
IMAGES_A_STEP = 8
REGIONS = (RegionDiscriminationSettings(), AssignmentEntropySettings())
SLOW = Optimiser(lr=1e-4)
"""Where views are small a ReLU or a maximum that flips by rounding moves much: steps are small."""


def settings_of(what: str) -> PretrainSettings:
    """Settings of a training, with the same images a step for any number of processes."""
    if "dira" in what:
        recipe = tiny_dira(what.rpartition("-")[2])
        update = {"batch": IMAGES_A_STEP // launched_processes(), "optimiser": SLOW}
        custom = recipe.model_copy(update=update)
        settings = tiny_settings(steps=STEPS, precision="float32")
        return settings.model_copy(update={"custom": custom})
    form, ndim = ("grid" if "grid" in what else "dense"), (3 if "volumes" in what else 2)
    within = Stage(
        name="within",
        views=DenseViewSettings(points=16),
        objectives=(DenseDiscriminationSettings(),),
    )
    stages = ld_recipe("quick", "grid", ndim=ndim).stages if form == "grid" else (within,)
    changes: dict[str, Any] = {"batch": IMAGES_A_STEP // launched_processes()}
    if "across" in what:
        stages = (within, *linked_stages())
        changes |= {"held_out": 0.25, "validate_every": 5}
    if "regions" in what:
        last = stages[-1]
        update = {"name": "regions", "restart": True, "objectives": (*last.objectives, *REGIONS)}
        stages = (*stages, last.model_copy(update=update))
        changes["architecture"] = Architecture.plain(
            ndim=ndim,
            widths=(4, 8),
            out_stride=1 if form == "grid" else 2,
            embedding_channels=8,
            clusters=4,
        )
    if form == "grid" or ndim == 3:
        changes["optimiser"] = SLOW
    recipe = changes | {"stages": stages}
    return tiny_settings(form, ndim, steps=STEPS, precision="float32", recipe=recipe)


def keep_gradients(what: str, path: Path) -> None:
    """Write the gradient of a first loss, as the optimiser would see it."""
    accelerator = start_accelerator("cpu")
    plan, division = make_plan(cohort_of(what), settings_of(what))
    learner = Learner(plan, Hardware(torch.device("cpu"), "float32", compiled=False), accelerator)
    number = len(plan.recipe.stages) - 1
    learner.enter(plan.recipe.stages[number])
    source = BatchSource(
        division.training,
        plan.canvas,
        plan.recipe.batch,
        plan.settings.seed,
        accelerator.process_index,
        accelerator.num_processes,
    )
    if plan.recipe.stage_with_words is not None:
        places = torch.tensor([[0.3, 0.3], [0.3, 0.6], [0.6, 0.3], [0.6, 0.6]])
        source.words = CohortWords(places, torch.ones(len(division.training), 4) > 0)
    learner.step(number, source.read(0), seed=5, lr=0.0)
    gradients = {
        name: parameter.grad.contiguous()
        for name, parameter in learner.net.named_parameters()
        if parameter.grad is not None
    }
    if is_first_process():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(gradients, path)


def spoil_steps(of_this: bool) -> None:
    """Let the loss of some steps be infinite in this process; the others do not see it."""
    judge, calls = Learner._judge, itertools.count()

    def spoiled(learner: Learner, *values: Any) -> Forwarded:
        made = judge(learner, *values)
        bad = next(calls) in (3, 17) and of_this
        return replace(made, loss=made.loss * torch.inf) if bad else made

    Learner._judge = spoiled


def cohort_of(what: str) -> Any:
    """Twelve images, or volumes."""
    return make_cohort(12, 3, side=16) if "volumes" in what else make_cohort(12)


def main() -> None:
    torch.set_num_threads(1)
    folder, *wanted = (argument for argument in sys.argv[1:] if not argument.startswith("--"))
    last = int(os.environ.get("RANK", "0")) == launched_processes() - 1
    ends_at = [int(a.removeprefix("--end-at=")) for a in sys.argv if a.startswith("--end-at=")]

    def watch(done: int, _total: int, _message: str) -> None:
        if last and [done] == ends_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for what in wanted:
        path = Path(folder) / what
        if what.startswith("skipped"):
            spoil_steps(last)
        if what.startswith("gradients-"):
            keep_gradients(what, path.with_suffix(".safetensors"))
        else:
            pretrain(cohort_of(what), settings_of(what), path, watch)


if __name__ == "__main__":
    main()
