"""From labels to a map and its files, on medssl's own core: a fit of a few steps."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

sys.path.insert(0, str(Path(__file__).parent))
from conftest import Inline

from medssl.geometry import Grid
from medssl.io import Image, write_image
from medssl.lesions import LesionSettings
from medssl.lesions.storage import load_card
from medssl.prepare import ArrayCache
from napari_medssl.lesions.lesions import Lesions
from napari_medssl.lesions.mapping import CoreMaps

SHAPE = (48, 40)


def write_discs(folder: Path, count: int) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for number in range(count):
        array = 80 + 10 * rng.standard_normal(SHAPE)
        array[2] = 240  # equally bright at their brightest, so that the disc alone tells
        if number % 2:
            at = rng.integers(14, 34), rng.integers(10, 30)
            array[(y - at[0]) ** 2 + (x - at[1]) ** 2 < 25] = 200
        Pillow.fromarray(array.clip(0, 255).astype(np.uint8)).save(folder / f"d_{number:02d}.png")
    return folder


@pytest.fixture
def short_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a job run at once, here, and learn for a few steps."""
    from medssl.jobs import run_job

    whole = LesionSettings.preset

    def preset(effort: str, ndim: int, device: str) -> LesionSettings:
        made = whole(effort, ndim, device=device)
        steps = made.learning.steps // 40  # 6, of the standard settings 24
        learning = made.learning.model_copy(update={"steps": steps, "batch": 4})
        return made.model_copy(update={"learning": learning, "folds": 2, "checks": 2})

    monkeypatch.setattr(LesionSettings, "preset", preset)
    monkeypatch.setattr("medssl.jobs.start_job", run_job)


def test_labels_become_scores_maps_and_files(tmp_path, short_fits) -> None:
    engine = CoreMaps(ArrayCache(tmp_path / "cache"))
    lesions = Lesions(engine, *(Inline() for _ in range(6)))
    lesions.open_images(write_discs(tmp_path / "discs", 10))
    for number in range(8):
        lesions.go_to(f"d_{number:02d}.png")
        lesions.set_label(1 + number % 2)
    lesions.longer = True
    lesions.learn()
    assert load_card(lesions.fit.run).settings.learning.steps == 24
    assert set(lesions.scores) == {case.key for case in lesions.cases}
    assert lesions.scores["d_00.png"].left_out
    assert not lesions.scores["d_09.png"].left_out
    assert "AUC" in lesions.told
    lesions.go_to("d_09.png")
    found = lesions.found
    assert found.key == "d_09.png"
    assert found.values.shape == SHAPE
    assert 0.8 < found.values.max() / found.probabilities[0] < 1.01
    assert len(found.by_net) == 2
    assert engine.map_case(lesions.fit.run, lesions.detail.source, "layercam").values.shape == SHAPE
    out = tmp_path / "out"
    out.mkdir()
    lesions.export_findings("case", out)
    written = {path.name for path in (out / "discs lesions").iterdir()}
    assert {"scores.csv", "regions.csv", "README.txt", "maps", "regions", "spread"} <= written


def write_balls(folder: Path, count: int, thick: bool) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(1)
    shape, spacing = ((6, 24, 24), (4.0, 1.0, 1.0)) if thick else ((24, 24, 24), (1.0,) * 3)
    z, y, x = np.mgrid[: shape[0], : shape[1], : shape[2]]
    for number in range(count):
        array = 100 + 10 * rng.standard_normal(shape)
        array[:, 0] = 250
        if number % 3:  # more with a ball than without: scores of one half and more
            at = [rng.integers(side // 3, side - side // 3) for side in shape]
            away = ((z - at[0]) * spacing[0]) ** 2 + (y - at[1]) ** 2 + (x - at[2]) ** 2
            array[away < 25] = 220
        image = Image(array.astype(np.float32), Grid.create(shape, spacing), "zyx")
        write_image(image, folder / f"v_{number:02d}.nii.gz")
    return folder


@pytest.mark.parametrize("thick", [True, False])
def test_volumes_have_maps_and_regions_in_mm3_and_thick_ones_a_score_a_slice(
    tmp_path, short_fits, thick
) -> None:
    lesions = Lesions(CoreMaps(ArrayCache(tmp_path / "cache")), *(Inline() for _ in range(6)))
    lesions.open_images(write_balls(tmp_path / "balls", 8, thick))
    for number in range(8):
        lesions.go_to(f"v_{number:02d}.nii.gz")
        lesions.set_label(2 if number % 3 else 1)
    lesions.learn()
    lesions.go_to("v_01.nii.gz")
    found = lesions.found
    assert found.values.shape == ((6, 24, 24) if thick else (24, 24, 24))
    assert [place for place, _, _ in found.slices] == (list(range(6)) if thick else [])
    if thick:
        assert sum(weight for _, weight, _ in found.slices) == pytest.approx(1, abs=1e-3)
    lesions.set_threshold(0.3)
    regions = []
    for case in lesions.cases:
        lesions.go_to(case.key)
        regions += lesions.regions
    assert regions
    assert {region.unit for region in regions} == {"mm³"}
