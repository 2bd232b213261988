"""The evaluation as a person runs it: images, a truth file, a method."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.io import imsave

from medssl.errors import FileRefusedError, SettingsError
from medssl.evaluate import evaluate_landmarks
from medssl.geometry import Grid
from medssl.io import Image, write_image
from medssl.landmarks import LandmarkFinder
from medssl.prepare import ArrayCache

SHIFTS = [(0, 0), (9, -12), (-14, 6), (5, 15), (-8, -8)]
POINTS = {"a": (60.0, 80.0), "b": (100.0, 50.0)}


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five windows on one noisy scene: a landmark moves with its surroundings."""
    folder = tmp_path_factory.mktemp("shifted")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    scene = gaussian_filter(rng.normal(size=(200, 220)), 4)
    scene = (255 * (scene - scene.min()) / np.ptp(scene)).astype(np.uint8)
    rows = []
    for number, (dy, dx) in enumerate(SHIFTS):
        window = scene[20 + dy : 180 + dy, 20 + dx : 200 + dx]
        imsave(folder / "images" / f"{number}.png", window, check_contrast=False)
        rows += [
            (f"{number}.png", name, x - dx, y - dy, f"p{min(number, 3)}")
            for name, (y, x) in POINTS.items()
        ]
    _write(folder / "truth.csv", ["image", "landmark", "x", "y", "group"], rows)
    _write(
        folder / "spacing.csv",
        ["image", "x_mm", "y_mm"],
        [(f"{number}.png", 0.5, 0.25) for number in range(len(SHIFTS))],
    )
    return folder


def _write(path: Path, header: list[str], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def test_position_makes_the_error_of_the_shifts(shifted: Path) -> None:
    result = evaluate_landmarks(shifted / "images", shifted / "truth.csv", "position", 5, 0)
    pairs = [
        np.hypot(a[0] - b[0], a[1] - b[1])
        for i, a in enumerate(SHIFTS)
        for j, b in enumerate(SHIFTS)
        if min(i, 3) != min(j, 3)
    ]
    assert result["n"] == 2 * len(pairs)
    assert result["mre_px"] == pytest.approx(np.mean(pairs) * 256 / 180)
    assert result["mre_mm"] is None
    assert result["confidence_spearman"] is None
    assert sorted(result["templates"]) == [f"{n}.png" for n in range(5)]
    assert result["problems"] == []


def test_cross_correlation_finds_what_only_moved(shifted: Path) -> None:
    result = evaluate_landmarks(
        shifted / "images", shifted / "truth.csv", "ncc", 2, 1, shifted / "spacing.csv"
    )
    assert result["mre_px"] < 1.5
    assert result["mre_mm"] < 0.5
    assert result["sdr"]["2mm"] == 1
    assert result["seconds_per_click"] > 0
    assert set(result["per_landmark"]) == {"a", "b"}


def test_pixel_sizes_are_taken_axis_by_axis(shifted: Path) -> None:
    result = evaluate_landmarks(
        shifted / "images", shifted / "truth.csv", "position", 1, 0, shifted / "spacing.csv"
    )
    (name,) = result["templates"]
    own = int(Path(name).stem)
    errors = [
        np.hypot(0.25 * (dy - SHIFTS[own][0]), 0.5 * (dx - SHIFTS[own][1]))
        for n, (dy, dx) in enumerate(SHIFTS)
        if min(n, 3) != min(own, 3)
    ]
    assert result["mre_mm"] == pytest.approx(np.mean(errors))


def test_the_rest_goes_on_without_what_is_broken(shifted: Path, tmp_path: Path) -> None:
    for file in (shifted / "images").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "4.png").write_bytes(b"\x89PNG\r\n\x1a\n, and then nothing")
    text = (shifted / "truth.csv").read_text().replace("1.png,a,92.0,51.0", "1.png,a,9000,51.0")
    truth = tmp_path / "truth.csv"
    truth.write_text(text + "absent.png,a,1,1,p9\n")
    result = evaluate_landmarks(tmp_path, truth, "position", 1, 0)
    told = "\n".join(result["problems"])
    assert "absent.png" in told
    assert "4.png" in told
    assert "1.png: a lies outside of the image of 180 × 160 voxels" in told
    assert result["images"] == 4


def test_unknown_sizes_of_some_images_are_told(shifted: Path, tmp_path: Path) -> None:
    spacing = tmp_path / "spacing.csv"
    _write(spacing, ["image", "x_mm", "y_mm"], [(f"{n}.png", 1, 1) for n in range(4)])
    result = evaluate_landmarks(
        shifted / "images", shifted / "truth.csv", "position", 5, 0, spacing
    )
    assert result["mre_mm"] is None
    assert result["problems"] == ["4.png: its pixel size is not known, so no mean in mm is given"]


def test_only_one_patient_leaves_nothing_to_score(shifted: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    rows = [(f"{n}.png", "a", 50, 50, "p1") for n in range(5)]
    _write(truth, ["image", "landmark", "x", "y", "group"], rows)
    with pytest.raises(SettingsError, match="nothing is left to score"):
        evaluate_landmarks(shifted / "images", truth, "position", 2, 0)


def test_an_empty_truth_file_is_refused(shifted: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("image,landmark,x,y\n")
    with pytest.raises(FileRefusedError, match=r"truth\.csv"):
        evaluate_landmarks(shifted / "images", truth, "position", 2, 0)


def test_volumes_are_compared_in_the_patients_orientation(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    array = gaussian_filter(rng.normal(size=(20, 24, 28)), 2).astype(np.float32)
    grid = Grid.create(array.shape, (2.0, 1.0, 1.0))
    flipped = Grid.create(
        array.shape, (2.0, 1.0, 1.0), (27.0, 0.0, 0.0), [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    )
    write_image(Image(array, grid, "zyx"), tmp_path / "a.nii.gz")
    write_image(Image(array[:, :, ::-1].copy(), flipped, "zyx"), tmp_path / "b.nii.gz")
    truth = tmp_path / "truth.csv"
    rows = [("a.nii.gz", "p", 6, 10, 9), ("b.nii.gz", "p", 21, 10, 9)]
    _write(truth, ["image", "landmark", "x", "y", "z"], rows)
    for model in ("position", "ncc"):
        result = evaluate_landmarks(tmp_path, truth, model, 2, 0)
        assert result["mre_mm"] == pytest.approx(0, abs=1.5 if model == "ncc" else 1e-3)
        assert result["n"] == 2


def test_position_on_real_films(data_dir: Path) -> None:
    folder = data_dir / "cxr_covid_seg"
    result = evaluate_landmarks(folder / "images", folder / "landmarks.csv", "position", 4, 0)
    assert result["images"] == 44
    assert 18 < result["mre_px"] < 24
    assert result["mre_mm"] is None


def test_seconds_are_those_of_one_cold_click(
    shifted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[list[str]] = []
    original = LandmarkFinder.find

    def find(self: LandmarkFinder, landmarks: list[str], *rest: object) -> object:
        asked.append(list(landmarks))
        return original(self, landmarks, *rest)

    monkeypatch.setattr(LandmarkFinder, "find", find)
    result = evaluate_landmarks(
        shifted / "images", shifted / "truth.csv", "instant", 1, 0, cache=ArrayCache(tmp_path)
    )
    assert asked == [["a"], ["a", "b"]]
    assert result["seconds_per_click"] > 0
    assert set(result["per_landmark"]) == {"a", "b"}
