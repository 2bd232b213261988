"""Steps that do not fit into the memory: taken in parts, or refused with the batch that fits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from medssl.errors import SettingsError
from medssl.nets import Parts
from medssl.objectives import ObjectiveResult, Outputs
from medssl.pretrain import PretrainSettings, make_plan, pretrain
from medssl.pretrain import learner as learner_module
from medssl.pretrain.hardware import Hardware
from medssl.pretrain.learner import Learner, TrainingNet
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.parts import backward_in_parts
from medssl.runs import RunFolder
from medssl.views.batch import ImageBatch

from .cohorts import linked_settings, make_cohort, tiny_settings
from .dira import dira_settings
from .test_clusters import clustered


def make_learner(settings: PretrainSettings) -> tuple[Learner, ImageBatch]:
    plan, division = make_plan(make_cohort(), settings)
    learner = Learner(plan, Hardware(torch.device("cpu"), "float32", False), Accelerator(cpu=True))
    learner.enter(plan.recipe.stages[-1])
    batch = BatchSource(division.training, plan.canvas, plan.recipe.batch, 0).read(0)
    return learner, batch


def gradient(learner: Learner) -> torch.Tensor:
    parts = [p.grad.flatten() for p in learner.net.parameters() if p.grad is not None]
    return torch.cat(parts)


@pytest.mark.parametrize(
    "settings",
    [
        tiny_settings(recipe={"batch": 4}),
        tiny_settings("grid", recipe={"batch": 4}),
        clustered(),
        dira_settings(),
        dira_settings("simsiam"),
    ],
    ids=["dense", "grid", "second stage", "dira-moco", "dira-simsiam"],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_gradient_is_that_of_the_whole_batch(settings: PretrainSettings, size: int) -> None:
    """Exactly, where batch norm does not look at the batch."""
    learner, batch = make_learner(settings)
    number = len(learner.plan.recipe.stages) - 1
    learner.net.eval()
    whole, metrics = learner.loss(number, batch, seed=5)
    whole.backward()
    wanted = gradient(learner)
    learner.optimiser.zero_grad()
    learner.views_at_once = size
    found = learner._gradient_once(number, batch, 5, 1.0)
    torch.testing.assert_close(found.loss, whole)
    assert found.metrics.keys() == metrics.keys()
    torch.testing.assert_close(gradient(learner), wanted, rtol=1e-4, atol=1e-6)


def test_batch_norm_remembers_each_part_once() -> None:
    learner, _ = make_learner(tiny_settings())
    net = TrainingNet(learner.net, None, Parts(), bf16=False)
    images = torch.rand(4, 1, 32, 32)
    norm = next(m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d))
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    for part in images.split(2):
        net(part)
    wanted = norm.running_mean.clone()
    norm.load_state_dict(before)

    def loss_of(outputs: Outputs) -> ObjectiveResult:
        return ObjectiveResult(outputs.embedding[:, 0].sum())

    backward_in_parts(net, images, 2, loss_of)
    torch.testing.assert_close(norm.running_mean, wanted)
    assert norm.momentum == 0.1


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A device that holds three views at once; gives how many it was given."""
    given: list[int] = []
    forward, init = TrainingNet.forward, Learner.__init__

    def forward_if_it_fits(self: TrainingNet, images: torch.Tensor) -> Outputs:
        given.append(len(images))
        if len(images) > 3 and torch.is_grad_enabled():
            raise torch.OutOfMemoryError("out of memory")
        return forward(self, images)

    def on_a_card(self: Learner, *arguments: object) -> None:
        init(self, *arguments)
        self.may_take_parts = True

    monkeypatch.setattr(TrainingNet, "forward", forward_if_it_fits)
    monkeypatch.setattr(learner_module.Learner, "__init__", on_a_card)
    return given


def test_a_card_that_is_too_small_takes_parts_and_says_so(
    tmp_path: Path, small_memory: list[int]
) -> None:
    result = pretrain(make_cohort(), linked_settings(recipe={"batch": 4}), tmp_path)
    assert result.steps == 4
    said = [warning for warning in result.warnings if "too small for the 8 views" in warning]
    assert ["4 at a time" in said[0], "2 at a time" in said[1]] == [True, True]
    assert max(small_memory[2:]) <= 4
    job = json.loads((tmp_path / "job.json").read_text())
    assert job["plan"]["recipe"]["batch"] == 4


def test_a_processor_with_too_little_memory_names_the_batch_that_fits(
    tmp_path: Path, small_memory: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner_module, "process_count", lambda: 1)
    monkeypatch.setattr(Learner, "_take_fewer_at_once", lambda *_: False)
    with pytest.raises(SettingsError, match=r"too small for 4 images of 32 × 32.*batch of 1 fits"):
        pretrain(make_cohort(), tiny_settings(recipe={"batch": 4}), tmp_path)
    events = RunFolder(tmp_path).events()
    assert events[-1]["state"] == "failed"
    assert "A batch of 1 fits" in events[-2]["message"]


LIMITED = """
import resource, sys
sys.path.insert(0, sys.argv[2])
import torch
torch.set_num_threads(1)
from cohorts import make_cohort, tiny_settings
from medssl.errors import SettingsError
from medssl.pretrain import pretrain
cohort = make_cohort(16, side=256)
settings = tiny_settings(recipe={"batch": 16, "largest_crop": 256})
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + (500 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    pretrain(cohort, settings, sys.argv[1])
except SettingsError as error:
    print(error)
"""


def test_a_process_that_gets_no_more_memory(tmp_path: Path) -> None:
    """For real, in a process that may not grow."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "the memory is too small for 16 images" in done.stdout
    assert RunFolder(tmp_path).events()[-1]["state"] == "failed"
