"""A cohort is embedded once, one image at a time, and never half."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from medssl.embed import EmbeddedCohort, embed_cohort
from medssl.errors import Cancelled, ModelError, SettingsError, StorageError
from medssl.prepare import ArrayCache, PreparedCohort, PrepareSettings


class CountingEmbedder:
    """Fills cells with a unit vector and counts its calls."""

    name, ndim, channels, stride, fingerprint = "fake", 2, 4, 4, "f"

    def __init__(self, **settings: Any) -> None:
        self.settings = PrepareSettings(**{"longest_side": 64, **settings})
        self.calls = 0

    def embed(self, array: np.ndarray) -> np.ndarray:
        self.calls += 1
        cells = [-(-s // 4) for s in array.shape[1:]]
        result = np.zeros((4, *cells), np.float16)
        result[self.calls % 4] = 1.0
        return result


def test_embedded_once_channels_last(prepared: PreparedCohort, cache: ArrayCache) -> None:
    embedder = CountingEmbedder()
    first = embed_cohort(prepared, embedder, cache)
    second = embed_cohort(prepared, embedder, cache)
    assert embedder.calls == len(prepared.cases) == 3
    for one, two in zip(first.cases, second.cases, strict=True):
        assert isinstance(one.embedding, np.memmap)
        assert one.embedding.shape == (*one.cells, 4)
        np.testing.assert_array_equal(one.embedding, two.embedding)
    assert first.case("1.png").case.key == "1.png"
    with pytest.raises(SettingsError, match="nobody"):
        first.case("nobody")


def test_two_embeddings_of_one_key_are_refused(prepared: PreparedCohort, cache: ArrayCache) -> None:
    one = embed_cohort(prepared, CountingEmbedder(), cache)
    with pytest.raises(SettingsError, match=r"go by '0\.png'"):
        EmbeddedCohort((one.cases[0], one.cases[0]), one.embedder, prepared)


def test_another_model_is_embedded_anew(prepared: PreparedCohort, cache: ArrayCache) -> None:
    embed_cohort(prepared, CountingEmbedder(), cache)
    other = CountingEmbedder()
    other.fingerprint = "g"
    embed_cohort(prepared, other, cache)
    assert other.calls == 3


def test_damaged_embedding_is_rebuilt(prepared: PreparedCohort, cache: ArrayCache) -> None:
    embedder = CountingEmbedder()
    path = embed_cohort(prepared, embedder, cache).cases[0].cached.path
    path.write_bytes(path.read_bytes()[:-10])
    again = embed_cohort(prepared, embedder, cache)
    assert embedder.calls == 4
    assert again.cases[0].embedding.shape[-1] == 4


def test_cells_lie_where_the_convention_says(prepared: PreparedCohort, cache: ArrayCache) -> None:
    case = embed_cohort(prepared, CountingEmbedder(), cache).cases[0]
    world = case.cell_grid.voxel_to_world([3, 5])
    np.testing.assert_allclose(case.case.grid.world_to_voxel(world), [13.5, 21.5])


def test_cancelling_keeps_what_is_done(prepared: PreparedCohort, cache: ArrayCache) -> None:
    embedder = CountingEmbedder()

    def stop(done: int, total: int, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        embed_cohort(prepared, embedder, cache, stop)
    embed_cohort(prepared, embedder, cache)
    assert embedder.calls == 3


def test_images_prepared_for_another_model(prepared: PreparedCohort, cache: ArrayCache) -> None:
    with pytest.raises(ModelError, match="prepared otherwise"):
        embed_cohort(prepared, CountingEmbedder(longest_side=128), cache)
    with pytest.raises(ModelError, match="for 3-D images, the cohort is 2-D"):
        embed_cohort(prepared, CountingEmbedder(ndim=3), cache)


def test_full_disk(
    prepared: PreparedCohort, cache: ArrayCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_2_0", full)
    with pytest.raises(StorageError, match="full"):
        embed_cohort(prepared, CountingEmbedder(), cache)


def test_a_thousand_images_do_not_hold_a_thousand_files_open(
    prepared: PreparedCohort, cache: ArrayCache
) -> None:
    psutil = pytest.importorskip("psutil")
    cases = tuple(
        replace(case, key=f"{number}/{case.key}")
        for number in range(400)
        for case in prepared.cases
    )
    many = PreparedCohort(cases, prepared.settings)
    before = len(psutil.Process().open_files())
    embedded = embed_cohort(many, CountingEmbedder(), cache)
    total = sum(float(one.embedding[0, 0].sum()) for one in embedded.cases)
    assert total == pytest.approx(1200)
    assert len(psutil.Process().open_files()) <= before + 2
