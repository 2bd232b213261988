"""Visual words: who shows which, where, and that it is the same anatomy."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, zoom

from medssl.correspond import CohortWords, find_words
from medssl.correspond.words import FEWEST_CASES, describe_whole
from medssl.errors import Cancelled, ModelError, StorageError
from medssl.phantom import make_volume
from medssl.views.crops import CropSettings, middle_sides
from tests.core.pretrain.cohorts import MemoryCase, make_cohort

VIEW = {2: (12, 12), 3: (8, 12, 12)}


def sides(shape: tuple[int, ...]) -> tuple[float, ...]:
    crops = CropSettings(of="view", share=(0.6, 1.4), overlap=0.5)
    return middle_sides(shape, VIEW[len(shape)], crops)


def two_kinds(count: int) -> list[MemoryCase]:
    """As many of one kind as of another, in turn: a pattern of each with noise of the case."""
    rng = np.random.default_rng(5)
    patterns = [gaussian_filter(rng.random((1, 40, 40)), (0, 3, 3)) for _ in range(2)]
    patterns = [(p - p.min()) / np.ptp(p) for p in patterns]
    return [
        MemoryCase((patterns[n % 2] + 0.05 * rng.random((1, 40, 40))).astype(np.float16))
        for n in range(2 * count)
    ]


@pytest.fixture(scope="module")
def volumes() -> list[MemoryCase]:
    made = []
    for seed in range(6):
        values = make_volume(seed, size=48).image.array.astype(np.float32)
        values = (values - values.min()) / np.ptp(values)
        made.append(MemoryCase(values[None].astype(np.float16)))
    return made


@pytest.mark.parametrize(("count", "ndim"), [(1, 2), (2, 2), (2, 3), (9, 3), (40, 2)])
def test_every_case_shows_a_word_inside(count: int, ndim: int) -> None:
    cases = make_cohort(count, ndim, side=24).cases
    words = find_words(cases, count, 6, sides, seed=0)
    assert words.places.shape == (6, ndim)
    assert words.holds.shape == (count, 6)
    assert words.holds.any(1).all()
    assert (words.holds.sum(0) >= min(count, FEWEST_CASES)).all()
    for number, case in enumerate(cases):
        shape = np.array(case.array.shape[1:])
        for place in words.places[words.holds[number]]:
            assert ((place.numpy() > 0) & (place.numpy() < 1)).all()
            assert (np.abs(place.numpy() - 0.5) * shape <= shape / 2).all()


def test_those_that_no_reference_resembles_join_one() -> None:
    """Of 40 cases two words reach sixteen; the others show one each."""
    words = find_words(two_kinds(20), 40, 2, sides, seed=1)
    held = words.holds.sum(1)
    assert (held >= 1).all()
    assert words.holds.sum() >= 40


def test_similar_cases_share_words() -> None:
    words = find_words(two_kinds(10), 20, 12, sides, seed=0)
    one, other = words.holds[::2], words.holds[1::2]
    assert not (one.any(0) & other.any(0)).any()


def test_places_keep_away_from_each_other_and_from_air() -> None:
    array = np.zeros((1, 64, 64), np.float16)
    array[:, :, :32] = np.random.default_rng(0).random((64, 32))
    words = find_words([MemoryCase(array)] * 2, 2, 10, sides, seed=0)
    assert (words.places[:, 1] < 0.6).all()
    apart = torch.cdist(words.places, words.places) + torch.eye(10)
    assert apart.min() > 0.04


def test_a_word_is_the_same_anatomy_in_all_that_show_it(volumes: list[MemoryCase]) -> None:
    """Crops of one word are more alike than crops of different words."""
    words = find_words(volumes, 6, 8, sides, seed=0)
    crops = np.stack(
        [[crop_at(case.array[0], place) for case in volumes] for place in words.places.numpy()]
    )
    flat = crops.reshape(8 * 6, -1)
    flat = flat - flat.mean(1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    likeness = (flat @ flat.T).reshape(8, 6, 8, 6)
    others = ~np.eye(6, dtype=bool)
    same = np.mean([likeness[w, :, w][others].mean() for w in range(8)])
    different = np.mean(
        [likeness[w, :, v][others].mean() for w in range(8) for v in range(8) if v != w]
    )
    assert same > 0.5
    assert same > different + 0.3


def crop_at(array: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Values of a crop around a relative place, at a common size."""
    shape = np.array(array.shape)
    size = np.array(VIEW[3])
    first = np.clip(np.rint(place * shape - size / 2), 0, shape - size).astype(int)
    window = tuple(slice(a, a + b) for a, b in zip(first, size, strict=True))
    return gaussian_filter(array[window].astype(np.float32), 1.0)


def test_likeness_is_of_the_patient_and_not_of_size_or_noise(volumes: list[MemoryCase]) -> None:
    rng = np.random.default_rng(0)
    first = volumes[0].array
    again = zoom(first[0].astype(np.float32), 1.1, order=1)[None] + 0.02 * rng.random(1)
    others = [float(describe_whole(first) @ describe_whole(case.array)) for case in volumes[1:]]
    assert float(describe_whole(first) @ describe_whole(again)) > max(others)


def test_references_are_of_those_trained_on() -> None:
    """The held-out cases are of a kind of their own, and each joins a word of the others."""
    cases = two_kinds(12)
    cases = [*cases[::2], *cases[1::2]]
    words = find_words(cases, 12, 5, sides, seed=0)
    trained, held_out = words.split(12)
    assert (trained.holds.sum(0) >= FEWEST_CASES).all()
    assert held_out.holds.any(1).all()
    assert (held_out.holds.sum(1) == 1).all()


def test_the_same_again_and_from_a_file(tmp_path: Path) -> None:
    cases = make_cohort(5).cases
    words = find_words(cases, 5, 6, sides, seed=2)
    path = tmp_path / "words.safetensors"
    words.save(path)
    for again in (
        find_words(cases, 5, 6, sides, seed=2),
        CohortWords.read(path.read_bytes(), path),
    ):
        assert torch.equal(again.places, words.places)
        assert torch.equal(again.holds, words.holds)
    assert not torch.equal(find_words(cases, 5, 6, sides, seed=3).places, words.places)
    assert [file.name for file in tmp_path.iterdir()] == ["words.safetensors"]


def test_a_case_chooses_among_its_own_words() -> None:
    places = torch.tensor([[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]])
    holds = torch.tensor([[True, False, True], [False, False, False]])
    words = CohortWords(places, holds)
    rng = np.random.default_rng(0)
    drawn = [words.choose(0, rng) for _ in range(30)]
    assert {number for number, _ in drawn} == {0, 2}
    assert all(np.array_equal(place, places[number].numpy()) for number, place in drawn)
    number, place = words.choose(1, rng)
    assert number == -1
    assert place.shape == (2,)


def test_damage_and_a_full_disk_are_named(tmp_path: Path) -> None:
    path = tmp_path / "words.safetensors"
    with pytest.raises(ModelError, match=r"words\.safetensors: which words .* Delete this file"):
        CohortWords.read(b"nothing", path)
    words = find_words(make_cohort(2).cases, 2, 3, sides, seed=0)
    with pytest.raises(StorageError, match="which words the images show cannot be written"):
        words.save(tmp_path / "missing" / "words.safetensors")


def test_it_can_be_stopped() -> None:
    def stop(done: int, _total: int, _message: str) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        find_words(make_cohort(3).cases, 3, 3, partial(sides), 0, stop)
