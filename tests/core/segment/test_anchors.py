"""A head on nearness to anchors learns what no half space of the features is."""

from __future__ import annotations

import numpy as np

from medssl.embed import EmbeddedCohort
from medssl.segment.clusters import FeatureWeights
from medssl.segment.few.anchors import ANCHORS, AnchorHead, choose_anchors, nearness
from medssl.segment.few.cells import CellReader
from medssl.segment.few.head import fit_head


def test_an_organ_of_two_sides_is_learned() -> None:
    angle = np.linspace(-np.pi, np.pi, 400, endpoint=False)
    features = np.stack([np.cos(angle), np.sin(angle)], 1)
    inside = np.abs(np.sin(angle)) < 0.5  # both ends of one axis
    targets = np.eye(2)[inside.astype(int)]
    anchors = features[::20].astype(np.float32)
    linear = fit_head(features, targets).shares(features).argmax(1) == inside
    head = AnchorHead(anchors, fit_head(nearness(features, anchors), targets))
    found = head.shares(features.reshape(20, 20, 2)).argmax(-1).ravel() == inside
    assert linear.mean() < 0.75
    assert found.mean() > 0.95


def test_anchors_are_spread_over_all_images(embedded: EmbeddedCohort) -> None:
    cells = CellReader(FeatureWeights())
    anchors = choose_anchors(embedded.cases, cells, seed=0)
    assert len(anchors) == ANCHORS
    assert np.allclose(np.linalg.norm(anchors, axis=1), 1, atol=1e-3)
    for case in embedded.cases:
        features = cells.read(case).reshape(-1, anchors.shape[1])
        nearest = (features.astype(np.float32) @ anchors.T).max(1)
        assert nearest.mean() > 0.9
