"""Center-sensitive one-shot localization against the formulas of the paper, written out."""

from __future__ import annotations

import numpy as np

from medssl.landmarks import LandmarkFinder, MatchSettings


def center_sensitive(embedding: np.ndarray, side: float) -> np.ndarray:
    """Sum the Gaussian window times the embedding at every cell, edges repeated, unit length."""
    sigma = side / 4
    radius = int(2 * sigma + 0.5)
    padded = np.pad(embedding, [(radius, radius)] * 2 + [(0, 0)], mode="edge")
    rows, columns = embedding.shape[:2]
    pooled = np.zeros_like(embedding)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            weight = np.exp(-(dy**2 + dx**2) / (2 * sigma**2))
            y, x = radius + dy, radius + dx
            pooled += weight * padded[y : y + rows, x : x + columns]
    return pooled / np.linalg.norm(pooled, axis=-1, keepdims=True)


def test_plain_matching_is_the_papers(chests) -> None:
    embedded, truth = chests
    settings = MatchSettings(align=False, window_share=1 / 8)
    finder = LandmarkFinder(embedded, settings)
    source = embedded.case("00.png")
    place = (source.case.source_to_working(truth["00.png"]["carina"]) - 1.5) / 4
    cell = np.rint(place).astype(int)
    click = source.case.working_to_source(cell * 4 + 1.5)
    finder.add_template("carina", "00.png", click)
    side = 256 / 8 / 4
    support = center_sensitive(source.embedding.astype(np.float32), side)[tuple(cell)]
    for f in finder.find():
        one = embedded.case(f.case_key)
        expected = center_sensitive(one.embedding.astype(np.float32), side) @ support
        values, _ = finder.similarity_map("carina", f.case_key)
        np.testing.assert_allclose(values, expected, atol=2e-3)
        peak = np.unravel_index(expected.argmax(), expected.shape)
        found = (one.case.source_to_working(f.point_vox) - 1.5) / 4
        assert np.abs(found - peak).max() <= 2
        assert f.similarity == np.float32(values.max())


def test_plain_matching_of_the_same_image_is_exact(embed, film) -> None:
    finder = LandmarkFinder(embed({"a": film, "b": film}), MatchSettings(align=False))
    for i, point in enumerate([(91.5, 81.5), (150.2, 130.9), (40.0, 200.0)]):
        finder.add_template(f"p{i}", "a.tif", point)
    for f in finder.find():
        clicked = finder.templates[f.landmark][0].point_vox
        assert np.linalg.norm(np.array(f.point_vox) - clicked) < 2
        assert f.cycle_error < 2
