"""From one clicked picture to a file of found points, without training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from medssl.io import read_landmarks_csv
from medssl.phantom import PhantomFolder, write_cohort

CARINA = "carina"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> PhantomFolder:
    return write_cohort(tmp_path_factory.mktemp("films"), 4, size=128)


@pytest.fixture
def clicked(films: PhantomFolder) -> tuple[Path, str]:
    """The first film and its carina as a person would type it."""
    row = next(r for r in read_landmarks_csv(films.landmarks) if r.landmark == CARINA)
    y, x = row.point_vox
    return films.images / row.image, f"{CARINA}={x},{y}"


def test_every_other_film_gets_the_point(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], tmp_path: Path
) -> None:
    template, point = clicked
    out = tmp_path / "found.csv"
    outcome = medssl(
        "landmarks", films.images, "--template", template, "--points", point, "--out", out, "--json"
    )
    assert outcome.code == 0, outcome.stderr
    assert len(outcome.json["points"]) == 3
    rows = {row.image: row for row in read_landmarks_csv(out)}
    assert rows[template.name].extra["source"] == "manual"
    assert sorted(rows) == [f"chest_{i:03d}.png" for i in range(4)]
    assert all(
        0 <= float(r.extra["confidence"]) <= 1 for r in rows.values() if r.extra["confidence"]
    )


def test_slicer_gets_one_file_an_image(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], tmp_path: Path
) -> None:
    template, point = clicked
    out = tmp_path / "found.mrk.json"
    outcome = medssl(
        "landmarks", films.images, "--template", template, "--points", point, "--out", out
    )
    assert outcome.code == 0, outcome.stderr
    assert CARINA in outcome.stdout
    files = sorted(f.name for f in tmp_path.iterdir())
    assert files == [f"found__chest_{i:03d}.mrk.json" for i in range(4)]


def test_template_may_lie_elsewhere(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], tmp_path: Path
) -> None:
    template, _ = clicked
    elsewhere = tmp_path / template.name
    elsewhere.write_bytes(template.read_bytes())
    out = tmp_path / "found.csv"
    arguments = ["--template", elsewhere, "--points", films.landmarks, "--out", out]
    outcome = medssl("landmarks", films.images, *arguments)
    assert outcome.code == 0, outcome.stderr
    assert len({row.image for row in read_landmarks_csv(out)}) == 5


@pytest.mark.parametrize("point", ["carina=5000,10", "carina=1,2,3", "carina"])
def test_impossible_click_is_refused(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], point: str, tmp_path: Path
) -> None:
    template, _ = clicked
    out = tmp_path / "found.csv"
    outcome = medssl(
        "landmarks", films.images, "--template", template, "--points", point, "--out", out
    )
    assert outcome.code == 2
    assert len(outcome.lines) == 1
    assert not out.exists()


def test_evaluation_writes_the_contract(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    out = tmp_path / "result.json"
    outcome = medssl(
        "evaluate", "landmarks", films.images, films.landmarks, "--model", "position",
        "--templates", "2", "--seed", "0", "--spacing", films.spacing, "--json", out,
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert "position" in outcome.stdout
    result = json.loads(out.read_text())
    assert {"mre_px", "median_px", "mre_mm", "sdr", "per_landmark", "n"} <= set(result)
    assert result["mre_mm"] is not None


def test_embeddings_are_written_beside_their_index(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    outcome = medssl("embed", films.images, "--out", tmp_path / "embedded", "--json")
    assert outcome.code == 0, outcome.stderr
    index = json.loads((tmp_path / "embedded" / "embeddings.json").read_text())
    assert len(index["images"]) == 4
    assert all((tmp_path / "embedded" / image["file"]).is_file() for image in index["images"])
