"""Awkward images and disks in the session of the window: said, and the rest goes on."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medssl.geometry import Grid
from medssl.io import Image, write_image
from medssl.phantom import make_chest
from medssl.prepare import ArrayCache
from napari_medssl.engine import CoreEngine
from napari_medssl.session import Session, Status


@pytest.fixture
def session(new_session: Any, tmp_path: Path) -> Session:
    return new_session(CoreEngine(ArrayCache(tmp_path / "cache")))


@pytest.fixture
def said(session: Session) -> list[Status]:
    heard: list[Status] = []
    session.status_changed.connect(heard.append)
    return heard


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for seed in range(2):
        write_image(make_chest(seed, 96).image, folder / f"film_{seed}.nrrd")
    return folder


def write_pixels(path: Path, pixels: np.ndarray) -> None:
    write_image(Image(pixels, Grid.create(pixels.shape), "yx"), path)


def click(session: Session) -> bool:
    session.go_to("film_0.nrrd")
    session.add_landmark("carina")
    return session.place(make_chest(0, 96).landmarks["carina"])


def test_tiny_huge_and_constant_images_take_part(session, said, films) -> None:
    write_pixels(films / "one.png", np.full((1, 1), 7, np.uint8))
    write_pixels(films / "flat.png", np.full((50, 40), 7, np.uint8))
    write_pixels(films / "long.png", np.tile(np.arange(3, dtype=np.uint8), (20_000, 1)))
    session.open_images(films)
    assert click(session)
    assert {key for key, _ in session.points} == {
        "film_0.nrrd",
        "film_1.nrrd",
        "one.png",
        "flat.png",
        "long.png",
    }
    warnings = {case.key: case.warnings for case in session.ready.cases}
    assert "very small image" in warnings["one.png"][0]
    assert "same value" in warnings["flat.png"][0]
    assert not [status for status in said if status.kind == "error"]


def test_one_image_alone_keeps_its_click(session, films) -> None:
    (films / "film_1.nrrd").unlink()
    session.open_images(films)
    assert click(session)
    assert [point.source for point in session.points.values()] == ["manual"]


def test_a_full_cache_is_named_and_the_click_is_kept(session, said, films, monkeypatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "write_array_header_2_0", full)
        session.open_images(films)
        assert click(session)
    assert any(status.kind == "error" and "MEDSSL_CACHE" in status.text for status in said)
    assert [point.source for point in session.points.values()] == ["manual"]
