"""Volumes: any orientation, and one slice at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from medssl.evaluate.scores import dice
from medssl.io import Image, write_image
from medssl.phantom import make_volume
from napari_medssl.layers import Display
from napari_medssl.segmenting import Segmenter
from napari_medssl.segmenting.slices import Slice, with_slice
from tests.plugin.segmenting.states import ORGAN, stored


def test_volumes_of_any_orientation(new_state: Any, tmp_path: Path) -> None:
    from medssl.geometry import Grid
    from medssl.prepare.maps import to_source

    folder = tmp_path / "bodies"
    folder.mkdir()
    for seed in range(3):
        image = make_volume(seed, 40).image
        affine = np.diag([-1.2, 1.0, 1.5, 1.0])
        grid = Grid.from_affine(image.grid.shape, affine)
        write_image(Image(image.array, grid, "zyx"), folder / f"v{seed}.nii.gz")
    state = new_state()
    state.open_images(folder)
    state.count = 12
    state.find_structures()
    shown, grid = state.map
    middle = tuple(side // 2 for side in grid.shape)
    state.set_level(2)
    state.put_in(int(shown[middle]))
    mask = state.masks[ORGAN].mask
    union = np.isin(shown, list(state.organs.current.members)).astype(np.float32)
    assert dice(mask, to_source(union[None], grid, state.grid)[0] > 0.5) > 0.85
    display = Display.of(state.grid)
    where = Slice(display, 0, 20)
    drawn = np.full(mask.shape, -1, np.int8)
    plane = display.show(drawn)[20]
    plane[5:9, 5:9] = 1
    heard: list[str] = []
    state.learned.connect(heard.append)
    state.stroke(ORGAN, np.where(drawn >= 0, drawn == 1, mask), drawn, where)
    assert heard == [ORGAN, ORGAN], "first the slice, then the volume"
    assert display.show(state.masks[ORGAN].mask)[20, 5:9, 5:9].all()
    state.segment_all()
    assert len(stored(state, "predicted")) == 3


def test_a_slice_changes_nothing_else_and_lies_where_the_volume_says(
    state: Segmenter, new_state: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    write_image(make_volume(0, 40).image, folder / "v.nrrd")
    volume = new_state()
    volume.open_images(folder)
    volume.count = 8
    volume.find_structures()
    volume.put_in(int(volume.map[0][20, 20, 20]))
    engine, mask = volume._engine, volume.masks[ORGAN].mask
    drawn = np.where(mask, 1, 0).astype(np.int8)
    from napari_medssl.segmenting.contract import Lesson

    engine.teach({"v.nrrd": Lesson(drawn)})
    display = Display.of(volume.grid)
    where = Slice(display, 0, 18)
    found = with_slice(
        np.zeros_like(mask), where, engine.taught_slice("v.nrrd", 0, where.point_world)
    )
    shown = display.show(found)
    assert shown[18].any()
    assert not np.delete(shown, 18, 0).any()
    whole = display.show(engine.taught("v.nrrd"))
    assert dice(shown[18], whole[18]) > 0.75
