"""Fixtures of the tests of what the Segmentation dock holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medssl.prepare import ArrayCache
from napari_medssl.segmenting import Segmenter
from napari_medssl.segmenting.engine import CoreSegmentEngine
from napari_medssl.session import Status
from tests.core.segment.discs import write_discs
from tests.plugin.segmenting.states import IMAGES, ORGAN, Threads, truth


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ArrayCache:
    return ArrayCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def new_state(cache: ArrayCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("MEDSSL_CACHE", str(tmp_path / "cache"))

    def make() -> Segmenter:
        made = Segmenter(CoreSegmentEngine(cache), Threads())
        made.set_showing(True)
        return made

    return make


@pytest.fixture
def state(new_state: Any, tmp_path: Path) -> Segmenter:
    made = new_state()
    made.open_images(write_discs(tmp_path, IMAGES)[0])
    made.count = 24
    made.find_structures()
    return made


@pytest.fixture
def said(state: Segmenter) -> list[Status]:
    heard: list[Status] = []
    state.status_changed.connect(heard.append)
    return heard


@pytest.fixture
def corrected(state: Segmenter) -> Segmenter:
    state.set_teaching(False)
    for key in ("d00.png", "d01.png"):
        state.go_to(key)
        mask = truth(state, key)
        state.stroke(ORGAN, mask, mask.astype(np.int8))
    return state
