"""The demo goes from nothing to a table, a contact sheet and files for the window."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from medssl import demo
from medssl.cli.entry import run
from medssl.errors import StorageError
from medssl.geometry import Grid
from medssl.io import read_image, read_landmarks_csv


def test_demo_ends_with_table_and_contact_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "N_IMAGES", 5)
    monkeypatch.setattr(demo, "N_TEMPLATES", 2)
    monkeypatch.setattr(demo, "SIZE", 96)
    out = tmp_path / "demo_out"
    assert run(["demo", "--out", str(out), "--minutes", "0.05", "--no-window"]) == 0
    table = capsys.readouterr().out
    assert all(name in table for name in ("position", "instant", "trained", "landmarks.png"))
    results = json.loads((out / "results.json").read_text())["results"]
    assert all(one["mre_px"] > 0 for one in results.values())
    assert min(Image.open(out / "landmarks.png").size) > 300
    assert read_image(out / "window" / "films.tif").array.shape[0] == 5
    truth = read_landmarks_csv(out / "window" / "truth.csv")
    found = read_landmarks_csv(out / "window" / "found.csv")
    clicked = [row.point_vox for row in truth if row.point_vox[0] == 0]
    assert clicked == [row.point_vox for row in found if row.point_vox[0] == 0]


def test_films_of_any_size_lie_with_their_points_in_the_middle(tmp_path: Path) -> None:
    def bright_at(shape: tuple[int, int], place: tuple[int, int]) -> demo.FoundCase:
        pixels = np.zeros((1, *shape), np.float16)
        pixels[0][place] = 1
        case = SimpleNamespace(grid=Grid.create(shape), array=pixels)
        return demo.FoundCase(case, {"p": place}, {"p": place})

    demo.write_for_viewer([bright_at((8, 4), (1, 2)), bright_at((4, 8), (3, 6))], tmp_path)
    stack = read_image(tmp_path / "films.tif").array
    assert stack.shape == (2, 8, 8)
    places = [tuple(map(int, r.point_vox)) for r in read_landmarks_csv(tmp_path / "found.csv")]
    assert places == [(0, 1, 4), (1, 5, 6)]
    assert [stack[place] for place in places] == [255, 255]


def test_window_needs_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "has_display", lambda: False)
    assert not demo.can_show()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    case = demo.FoundCase(
        SimpleNamespace(grid=Grid.create((4, 4)), array=np.zeros((1, 4, 4))), {}, {}
    )
    with pytest.raises(StorageError, match="Choose another --out"):
        demo.write_for_viewer([case], tmp_path / "file" / "window")
