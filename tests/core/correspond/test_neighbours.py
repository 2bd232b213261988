"""Which image maps onto which, on phantoms whose landmarks are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medssl.correspond import Correspondences, describe_image, find_correspondences
from medssl.correspond.descriptor import STRIDE
from medssl.errors import Cancelled, ModelError, StorageError
from medssl.phantom import make_chest
from medssl.prepare import PrepareSettings, prepare_image


@dataclass(frozen=True)
class Film:
    """A prepared phantom and its landmarks in working voxels."""

    array: np.ndarray[Any, Any]
    landmarks: dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="module")
def films() -> list[Film]:
    made = []
    for seed in range(5):
        phantom = make_chest(seed, 160)
        prepared = prepare_image(phantom.image, PrepareSettings(longest_side=160))
        grid, source = prepared.grid, prepared.source_grid
        places = {
            name: grid.world_to_voxel(source.voxel_to_world(point))
            for name, point in phantom.landmarks.items()
        }
        made.append(Film(prepared.array, places))
    return made


@pytest.fixture(scope="module")
def linked(films: list[Film]) -> Correspondences:
    return find_correspondences(films, describe_image, STRIDE[2], count=3, seed=0)


def test_partners_are_others_and_differ(linked: Correspondences) -> None:
    assert linked.partners.shape == (5, 3)
    for number, partners in enumerate(linked.partners.tolist()):
        assert number not in partners
        assert len(set(partners)) == 3


def test_landmarks_are_carried_closer_than_by_relative_position(
    films: list[Film], linked: Correspondences
) -> None:
    carried, relative = [], []
    for number, film in enumerate(films):
        for choice, partner in enumerate(linked.partners[number].tolist()):
            other = films[partner]
            names = sorted(film.landmarks.keys() & other.landmarks.keys())
            start = torch.tensor(np.array([film.landmarks[name] for name in names])).float()
            truth = np.array([other.landmarks[name] for name in names])
            found, weight = linked.carry(number, choice, start)
            assert weight.min() >= 0
            assert weight.max() <= 1
            scale = np.array(other.array.shape[1:]) / np.array(film.array.shape[1:])
            carried.append(np.linalg.norm(found.numpy() - truth, axis=1).mean())
            guess = (start.numpy() + 0.5) * scale - 0.5
            relative.append(np.linalg.norm(guess - truth, axis=1).mean())
    assert np.mean(carried) < np.mean(relative)


def test_a_seed_decides_everything(films: list[Film], linked: Correspondences) -> None:
    again = find_correspondences(films, describe_image, STRIDE[2], count=3, seed=0)
    assert torch.equal(again.partners, linked.partners)
    points = torch.tensor([[40.0, 60.0], [100.0, 30.0]])
    for one, other in zip(again.carry(2, 1, points), linked.carry(2, 1, points), strict=True):
        assert torch.equal(one, other)
    others = find_correspondences(films[:4], describe_image, STRIDE[2], count=2, seed=3)
    assert others.partners.shape == (4, 2)


def test_saved_and_read_back(linked: Correspondences, tmp_path: Path) -> None:
    path = tmp_path / "linked.safetensors"
    linked.save(path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    read = Correspondences.read(path.read_bytes(), path)
    assert torch.equal(read.partners, linked.partners)
    points = torch.tensor([[40.0, 60.0], [100.0, 30.0]])
    for one, other in zip(read.carry(1, 2, points), linked.carry(1, 2, points), strict=True):
        assert torch.equal(one, other)


def test_what_cannot_be_read_or_written_is_named(linked: Correspondences, tmp_path: Path) -> None:
    path = tmp_path / "linked.safetensors"
    linked.save(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"linked\.safetensors: .* Delete this file"):
        Correspondences.read(path.read_bytes(), path)
    with pytest.raises(StorageError, match="cannot be written"):
        linked.save(tmp_path / "nowhere" / "linked.safetensors")


def test_two_images_and_a_stop(films: list[Film]) -> None:
    pair = find_correspondences(films[:2], describe_image, STRIDE[2], count=6, seed=0)
    assert pair.partners.tolist() == [[1], [0]]

    def stop(done: int, total: int, message: str) -> None:
        if done == 3:
            assert (total, message) == (4, "finding what corresponds")
            raise Cancelled

    with pytest.raises(Cancelled):
        find_correspondences(films[:2], describe_image, STRIDE[2], 6, 0, stop)
