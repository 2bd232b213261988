"""DiRA on images that are too small, too few, or of two kinds: it learns and says what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
import pytest

from medssl.errors import SettingsError
from medssl.io import list_images
from medssl.prepare import ArrayCache, prepare_cohort
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain import PretrainSettings, make_settings, pretrain
from medssl.pretrain.result import RunResult

from .cohorts import MemoryCase, MemoryCohort, make_cohort

RECIPES = ("dira-moco", "dira-barlow", "dira-simsiam", "ld+dira")


def settings_of(recipe: str = "dira-moco", ndim: int = 2, **values: Any) -> PretrainSettings:
    """The quick preset's views on a narrow net, all parts from the first step."""
    asked = {"schedule": "joint", "steps": 2, "batch": 2, "width": 4, "device": "cpu"} | values
    return make_settings(recipe=recipe, ndim=ndim, compile="off", **asked)


def images_of(*shapes: tuple[int, ...]) -> MemoryCohort:
    rng = np.random.default_rng(0)
    cases = tuple(
        MemoryCase(
            rng.random((1, *shape)).astype(np.float16), f"{n}.png", Path(f"{n}.png"), f"f{n}"
        )
        for n, shape in enumerate(shapes)
    )
    return MemoryCohort(cases, PrepareSettings(ndim=len(shapes[0]), longest_side=128))


def has_learned(result: RunResult) -> bool:
    return all(event["loss"] is not None for event in result.history) and len(result.history) == 2


@pytest.mark.parametrize("recipe", RECIPES)
def test_tiny_pictures_are_resized_to_the_views(tmp_path: Path, recipe: str) -> None:
    """Pictures of any size fill views of 96²: crops are a share of the image."""
    cohort = images_of((20, 20), (20, 23), (9, 128), (128, 12))
    result = pretrain(cohort, settings_of(recipe), tmp_path)
    assert has_learned(result)
    assert not any("smaller than a view" in text for text in result.warnings)


@pytest.mark.parametrize("recipe", RECIPES)
def test_volumes_thinner_than_a_view_are_learned_from_and_said(tmp_path: Path, recipe: str) -> None:
    cohort = images_of((9, 40, 40), (20, 40, 40), (16, 32, 32), (16, 40, 31))
    result = pretrain(cohort, settings_of(recipe, 3), tmp_path)
    assert has_learned(result)
    (said,) = (text for text in result.warnings if "smaller than a view" in text)
    assert said.startswith("2 of the 4 images")
    assert "16 × 32 × 32" in said


def test_what_is_too_small_for_anything_is_left_out_or_refused(tmp_path: Path) -> None:
    result = pretrain(images_of((7, 64), (64, 64), (64, 64)), settings_of(), tmp_path / "some")
    assert any("under 8 voxels are left out" in text for text in result.warnings)
    with pytest.raises(SettingsError, match="no image is at least 8"):
        pretrain(images_of((5, 40, 40), (7, 40, 40)), settings_of(ndim=3), tmp_path / "none")


@pytest.fixture
def two_kinds(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        shape = (24, 20 + number)
        imageio.imwrite(folder / f"grey{number}.png", rng.integers(0, 255, shape, np.uint8))
        imageio.imwrite(folder / f"colour{number}.png", rng.integers(0, 255, (*shape, 3), np.uint8))
    return folder


@pytest.mark.parametrize(
    ("channels", "said"), [(1, "3 colour images are trained on as grey"), (3, "3 of the 6 images")]
)
def test_grey_and_colour_in_one_cohort_are_said(
    two_kinds: Path, tmp_path: Path, channels: int, said: str
) -> None:
    settings = settings_of(channels=channels)
    cohort = prepare_cohort(list_images(two_kinds), settings.prepare, ArrayCache(tmp_path / "c"))
    assert len(cohort.cases) == 6
    result = pretrain(cohort, settings, tmp_path / "run")
    assert has_learned(result)
    assert sum(said in text for text in result.warnings) == 1


def test_images_of_one_kind_are_not_spoken_of(tmp_path: Path) -> None:
    settings = settings_of(channels=3)
    result = pretrain(make_cohort(4, channels=3), settings, tmp_path / "colour")
    assert not any("grey" in text for text in result.warnings)
    grey = make_cohort(4, channels=3)
    cases = tuple(
        MemoryCase(np.repeat(c.array[:1], 3, 0), c.key, c.path, c.fingerprint) for c in grey.cases
    )
    result = pretrain(MemoryCohort(cases, grey.settings), settings, tmp_path / "grey")
    assert not any("grey" in text for text in result.warnings)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("images", [2, 3])
def test_fewer_images_than_a_batch_are_learned_from_and_said(
    tmp_path: Path, recipe: str, images: int
) -> None:
    result = pretrain(make_cohort(images), settings_of(recipe, batch=8), tmp_path)
    assert has_learned(result)
    assert f"a step sees {images} images instead of 8: there are no more" in result.warnings


def test_a_batch_of_one_cannot_be_told_apart(tmp_path: Path) -> None:
    result = pretrain(make_cohort(3), settings_of(batch=1), tmp_path)
    assert any("a step sees 2 images instead of 1" in text for text in result.warnings)
