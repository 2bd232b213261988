"""Pretraining from the command line, and its model used by the next verb."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from medssl.models import load_model
from medssl.phantom import PhantomFolder, write_cohort


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> PhantomFolder:
    return write_cohort(tmp_path_factory.mktemp("films"), 4, size=64)


def test_run_folder_serves_where_a_model_is_asked(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    outcome = medssl(
        "pretrain", films.images, "--steps", "1", "--batch", "2", "--out", run, "--device", "cpu",
        "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert outcome.json["steps"] == 1
    assert outcome.json["images"] == 4
    assert (run / "previews" / "preview.json").is_file()
    assert json.loads((run / "job.json").read_text())["plan"]["recipe"]["batch"] == 2
    embedded = medssl("embed", films.images, "--model", run, "--json")
    assert embedded.code == 0, embedded.stderr
    assert len(embedded.json["images"]) == 4


def test_two_clocks_are_refused(medssl: Callable, films: PhantomFolder, tmp_path: Path) -> None:
    outcome = medssl(
        "pretrain", films.images, "--steps", "2", "--minutes", "1", "--out", tmp_path / "run"
    )
    assert outcome.code == 2
    assert "minutes or steps" in outcome.lines[0]


def test_folder_without_a_model_is_refused(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    outcome = medssl("embed", films.images, "--model", tmp_path)
    assert outcome.code == 2
    assert str(tmp_path) in outcome.lines[0]


def test_clusters_and_colours_are_asked_for(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    options = ("--clusters", "4", "--channels", "3", "--no-upright", "--device", "cpu", "--json")
    outcome = medssl("pretrain", films.images, "--steps", "2", "--out", run, *options)
    assert outcome.code == 0, outcome.stderr
    card = load_model(run).card
    assert card.clusters is not None
    assert card.clusters.count == 4
    assert card.input.channels == 3
    assert card.recipe["settings"]["upright"] is False


def test_centre_sensitive_pooling_of_a_form_without_patches_is_refused(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    outcome = medssl("pretrain", films.images, "--centre-sensitive", "--out", tmp_path / "run")
    assert outcome.code == 2
    assert "needs the form grid" in outcome.lines[0]


def test_a_forecast_starts_nothing(medssl: Callable, films: PhantomFolder, tmp_path: Path) -> None:
    run = tmp_path / "run"
    outcome = medssl(
        "pretrain", films.images, "--steps", "300", "--out", run, "--device", "cpu",
        "--forecast", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert outcome.json["steps"] == 300
    assert outcome.json["seconds"] > 300 * outcome.json["step_seconds"]
    assert outcome.json["memory_mb"] > 500
    assert not run.exists()


@pytest.mark.parametrize("recipe", ["dira-barlow", "ld+dira"])
def test_other_recipes_give_models_that_embed(
    medssl: Callable, films: PhantomFolder, tmp_path: Path, recipe: str
) -> None:
    run = tmp_path / "run"
    asked = ("--recipe", recipe, "--schedule", "joint", "--steps", "2", "--device", "cpu")
    outcome = medssl("pretrain", films.images, *asked, "--out", run, "--json")
    assert outcome.code == 0, outcome.stderr
    assert any("a step sees 4 images" in text for text in outcome.json["warnings"])
    embedded = medssl("embed", films.images, "--model", run, "--json")
    assert embedded.code == 0, embedded.stderr
    assert len(embedded.json["images"]) == 4


def test_visual_words_of_volumes(medssl: Callable, tmp_path: Path) -> None:
    """Forecast, training and embedding; one volume alone is refused."""
    volumes = write_cohort(tmp_path / "volumes", 3, ndim=3, size=40).images
    asked = ("--recipe", "dira-visual-words", "--steps", "3", "--device", "cpu", "--json")
    told = medssl("pretrain", volumes, *asked, "--forecast")
    assert told.code == 0, told.stderr
    assert told.json["steps"] == 3
    run = tmp_path / "run"
    outcome = medssl("pretrain", volumes, *asked, "--out", run)
    assert outcome.code == 0, outcome.stderr
    assert (run / "visual-words.safetensors").is_file()
    assert (run / "previews" / "restored.npy").is_file()
    embedded = medssl("embed", volumes, "--model", run, "--json")
    assert embedded.code == 0, embedded.stderr
    first = sorted(volumes.iterdir())[0]
    alone = medssl("pretrain", first, *asked, "--out", tmp_path / "alone")
    assert alone.code == 2
    assert "one usable image" in alone.lines[0]


def test_options_of_another_recipe_are_refused(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    for asked in (("--schedule", "joint"), ("--recipe", "dira-moco", "--clusters", "4")):
        outcome = medssl("pretrain", films.images, *asked, "--steps", "1", "--out", tmp_path / "r")
        assert outcome.code == 2
        assert "does not belong to the recipe" in outcome.lines[0]


def test_the_net_is_asked_for(medssl: Callable, films: PhantomFolder, tmp_path: Path) -> None:
    run = tmp_path / "run"
    asked = ("--net", "resnet18", "--width", "8", "--steps", "1", "--device", "cpu", "--json")
    outcome = medssl("pretrain", films.images, *asked, "--out", run)
    assert outcome.code == 0, outcome.stderr
    architecture = load_model(run).card.architecture
    assert (architecture.kind, architecture.widths[0]) == ("resnet", 8)
