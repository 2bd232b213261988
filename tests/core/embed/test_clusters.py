"""Regions read from a map: by assignment, by prototypes of an image, of a cohort."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.embed import image_prototypes, prototype_map
from medssl.embed.clusters import cohort_prototypes

RNG = np.random.default_rng(0)


def unit(*shape: int) -> np.ndarray:
    vectors = RNG.normal(size=shape)
    return vectors / np.linalg.norm(vectors, axis=0)


def test_prototypes_of_an_image_are_the_formula() -> None:
    embedding, shares = unit(5, 3, 4), RNG.random((2, 3, 4))
    for cluster in range(2):
        mean = sum(shares[cluster, i, j] * embedding[:, i, j] for i in range(3) for j in range(4))
        expected = mean / np.linalg.norm(mean)
        found = image_prototypes(embedding, shares)[cluster]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_field_of_view_zeroes_the_outside() -> None:
    embedding, shares = unit(5, 3, 4), RNG.random((2, 3, 4))
    inside = np.zeros((3, 4), bool)
    inside[1, 2] = True
    found = image_prototypes(embedding, shares, inside)
    np.testing.assert_allclose(found, [embedding[:, 1, 2]] * 2, atol=1e-6)


def test_a_cluster_that_is_next_to_empty_has_a_prototype() -> None:
    shares = np.stack([np.full((3, 4), 1e-6), np.ones((3, 4))])
    np.testing.assert_allclose(
        np.linalg.norm(image_prototypes(unit(5, 3, 4), shares), axis=1), 1.0, atol=1e-5
    )


@pytest.mark.parametrize("cells", [(4, 6), (3, 4, 5)])
def test_prototypes_find_their_structure_in_every_image(cells: tuple[int, ...]) -> None:
    """Structures keep their number, wherever they lie."""
    directions = unit(8, 3)
    features = []
    for _ in range(3):
        truth = RNG.integers(0, 3, cells)
        embedding = directions[:, truth] + 0.05 * RNG.normal(size=(8, *cells))
        embedding /= np.linalg.norm(embedding, axis=0)
        shares = np.stack([(truth == k) * 0.8 + 0.1 for k in range(3)])
        features.append(image_prototypes(embedding, shares))
    found = prototype_map(embedding, cohort_prototypes(np.stack(features)))
    assert found.shape == (3, *cells)
    np.testing.assert_allclose(found.sum(0), 1.0, atol=1e-5)
    np.testing.assert_array_equal(found.argmax(0), truth)
