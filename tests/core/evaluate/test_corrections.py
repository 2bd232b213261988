"""What corrections are worth: the halves, the orders, the figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.io import imsave

from medssl.cli.entry import run
from medssl.errors import SettingsError
from medssl.evaluate import evaluate_corrections
from medssl.evaluate.corrections import draw_halves
from medssl.evaluate.truth import TruthCase
from medssl.io import ImageSource
from medssl.landmarks.refine import RefineSettings

POINTS = {"a": (30.0, 40.0), "b": (50.0, 25.0)}
QUICK = RefineSettings(steps=2, heads=1, width=8, features=8, cells=64)


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight windows on one noisy scene, each of a patient of its own."""
    folder = tmp_path_factory.mktemp("shifted")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    scene = gaussian_filter(rng.normal(size=(120, 120)), 3)
    scene = (255 * (scene - scene.min()) / np.ptp(scene)).astype(np.uint8)
    with (folder / "truth.csv").open("w", newline="") as file:
        write = csv.writer(file).writerow
        write(("image", "landmark", "x", "y", "group"))
        for number in range(8):
            dy, dx = rng.integers(-6, 7, 2)
            window = scene[20 + dy : 100 + dy, 20 + dx : 100 + dx]
            imsave(folder / "images" / f"{number}.png", window, check_contrast=False)
            for name, (y, x) in POINTS.items():
                write((f"{number}.png", name, x - dx, y - dy, f"p{number}"))
    return folder


def _case(key: str, group: str | None) -> TruthCase:
    path = Path(key)
    return TruthCase(ImageSource(path, key, key, (path,), None), dict(POINTS), group)


def test_a_group_stays_on_one_side() -> None:
    truth = [_case(f"{n:02}", f"p{n // 3}") for n in range(20)]
    seen = set()
    for number in range(6):
        draw = draw_halves(truth, 3, 7, number)
        pool, held = ({one.group for one in part} for part in (draw.pool, draw.held))
        assert not pool & held
        assert len(draw.pool) + len(draw.held) == 20
        assert 10 <= len(draw.held) <= 12
        assert draw.template in draw.pool
        assert draw == draw_halves(truth, 3, 7, number)
        seen.add(draw.template.source.key)
    assert len(seen) > 2
    with pytest.raises(SettingsError, match="half of the images"):
        draw_halves(truth, 12, 7, 0)


def test_all_that_is_compared_is_scored_on_the_same_images(shifted: Path) -> None:
    result = evaluate_corrections(
        shifted / "images", shifted / "truth.csv", "instant", 2, 0, 2, refine=QUICK
    )
    one = result["one_shot"]
    for order in ("review", "random"):
        corrected, refined = result[order]["corrected"], result[order]["refined"]
        assert corrected["n"] == refined["n"] == one["n"] == 2 * 4 * len(POINTS)
        assert result[order]["curve"][0] == one["mre_px"]
        assert result[order]["curve"][2] == corrected["mre_px"]
        assert len(refined["per_draw"]) == 2
        assert np.mean(refined["per_draw"]) == pytest.approx(refined["mre_px"])
    assert one["mre_px"] < 4  # the same scene, shifted by a few of 80 pixels
    for draw in result["draws"]:
        for order in ("review", "random"):
            assert len({draw["template"], *draw["corrected"][order]}) == 3
    again = evaluate_corrections(
        shifted / "images", shifted / "truth.csv", "instant", 2, 0, 2, refine=QUICK
    )
    assert again == result


def test_baselines_learn_nothing(shifted: Path) -> None:
    with pytest.raises(SettingsError, match="learns nothing"):
        evaluate_corrections(shifted / "images", shifted / "truth.csv", "ncc")


def test_the_command_reports_it(shifted: Path, tmp_path: Path) -> None:
    words = ["evaluate", "landmarks", str(shifted / "images"), str(shifted / "truth.csv")]
    out = tmp_path / "out.json"
    code = run([*words, "--templates", "1", "--corrections", "1", "--order", "random",
                "--json", str(out)])  # fmt: skip
    assert code == 0
    result = json.loads(out.read_text())
    assert result["random"]["refined"] is None
    assert "review" not in result
    assert run([*words, "--order", "review"]) == 2
