"""Jobs on a few small phantoms, with runs and queue of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from medssl.jobs import PretrainRequest, create_job
from medssl.phantom import write_cohort
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain import PretrainSettings
from tests.core.pretrain.cohorts import tiny_settings


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of runs of this test; the queue is in it."""
    monkeypatch.setenv("MEDSSL_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("films"), 4, size=64).images


def small(settings: PretrainSettings) -> PretrainSettings:
    """Settings that prepare images at 32 voxels."""
    assert settings.custom is not None
    recipe = settings.custom.model_copy(update={"prepare": PrepareSettings(longest_side=32)})
    return settings.model_copy(update={"custom": recipe})


@pytest.fixture
def make_job(films: Path) -> Callable[..., Path]:
    """Make a job of a tiny training; keywords are its settings."""

    def make(images: Path = films, folder: Path | None = None, **values: Any) -> Path:
        settings = values.pop("settings", None) or tiny_settings(**values)
        request = PretrainRequest(images=(str(images),), settings=small(settings), threads=1)
        return create_job(request, folder=folder)

    return make
