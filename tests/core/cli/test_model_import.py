"""``medssl model import``: a file of weights, a model folder, points found with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from medssl.io import read_landmarks_csv
from medssl.nets import Architecture, build_net
from medssl.phantom import PhantomFolder, write_cohort


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> PhantomFolder:
    return write_cohort(tmp_path_factory.mktemp("films"), 3, size=96)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    net = build_net(Architecture.resnet(18, in_channels=3, width=8))
    encoder = {f"backbone.{name}": value for name, value in net.encoder.state_dict().items()}
    path = tmp_path / "weights.pt"
    torch.save({"state_dict": encoder}, path)
    return path


def test_the_model_serves_where_a_model_is_asked_for(
    medssl: Callable, weights: Path, films: PhantomFolder, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    asked = ("--arch", "resnet18", "--width", "8", "--longest-side", "96")
    outcome = medssl(
        "model", "import", weights, *asked, "--images", films.images, "--out", folder, "--json"
    )
    assert outcome.code == 0, outcome.stderr
    told = outcome.json
    assert told["model"] == str(folder)
    assert told["matched"] == 100
    assert told["parts"]["encoder level 1"] == [20, 20]
    assert told["embedding_of"] == "encoder"
    assert told["standardised_on"] == 3
    embedded = medssl("embed", films.images, "--model", folder, "--json")
    assert embedded.code == 0, embedded.stderr
    assert embedded.json["channels"] == 8
    row = read_landmarks_csv(films.landmarks)[0]
    point = f"p={row.point_vox[1]},{row.point_vox[0]}"
    found = medssl(
        "landmarks", films.images, "--template", films.images / row.image, "--points", point,
        "--model", folder, "--out", tmp_path / "points.csv", "--json",
    )  # fmt: skip
    assert found.code == 0, found.stderr
    assert len(found.json["points"]) == 2


def test_a_table_tells_what_was_found(medssl: Callable, weights: Path, tmp_path: Path) -> None:
    asked = ("--arch", "resnet18", "--width", "8", "--out", tmp_path / "model")
    outcome = medssl("model", "import", weights, *asked)
    assert outcome.code == 0, outcome.stderr
    assert "encoder level 0" in outcome.stdout
    assert "5 of 5" in outcome.stdout
    assert "100 tensors of weights.pt" in outcome.stdout
    assert "not standardised" in outcome.stderr


def test_a_refusal_is_one_line_and_writes_nothing(
    medssl: Callable, weights: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    outcome = medssl("model", "import", weights, "--arch", "resnet18", "--out", folder)
    assert outcome.code == 2
    assert len(outcome.lines) == 1
    assert "--arch" in outcome.lines[0]
    assert not folder.exists()
