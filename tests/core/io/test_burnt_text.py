"""Text in pictures is seen, and anatomy is not taken for text."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from medssl.geometry import Grid
from medssl.io import Image, read_image
from medssl.io.burnt_text import has_text
from medssl.phantom import make_chest


def picture(array, **more) -> Image:
    return Image(array, Grid.create(array.shape[:2]), "yx" if array.ndim == 2 else "yxc", **more)


def written(words: str, size: int = 20, ground: int = 30) -> np.ndarray:
    values = Pillow.fromarray(
        np.random.default_rng(0).integers(0, 2 * ground + 1, (160, 300)).astype(np.uint8)
    )
    draw = ImageDraw.Draw(values)
    draw.fontmode = "1"  # hard edges, as stations write
    draw.text((20, 60), words, fill=255, font=ImageFont.load_default(size))
    return np.array(values)


@pytest.mark.parametrize("words", ["DOE JANE 1961", "PORTABLE", "12:45:07 ID 55431"])
@pytest.mark.parametrize("size", [20, 28, 40])
def test_a_line_of_text_is_seen(words, size) -> None:
    array = written(words, size)
    assert has_text(picture(array))
    assert has_text(picture(np.stack([array] * 3, axis=-1)))
    assert has_text(picture(255 - array, inverted=True))
    assert has_text(picture(array.astype(np.int16) * 16 - 1024))


def test_a_side_mark_alone_is_no_text() -> None:
    assert not has_text(picture(written("R", 40)))
    assert not has_text(picture(written("", 40)))
    assert not has_text(picture(np.zeros((50, 50), np.uint8)))
    assert not has_text(picture(np.full((50, 50), np.nan, np.float32)))


@pytest.mark.parametrize("seed", range(4))
def test_phantoms_and_noise_hold_no_text(seed) -> None:
    assert not has_text(make_chest(seed, 300, lesions=True).image)
    chance = np.random.default_rng(seed)
    assert not has_text(picture((chance.random((200, 200)) > 0.8).astype(np.uint8) * 255))


def test_real_films_with_and_without_text(data_dir) -> None:
    films = data_dir / "cxr_covid_seg" / "images"
    for name in ("cxr070.png", "cxr087.jpg", "cxr049.jpg"):
        assert has_text(read_image(films / name)), name
    heads = sorted((data_dir / "hc18_fetal_head" / "images").iterdir())[:6]
    eyes = sorted((data_dir / "chase_db1" / "images").iterdir())[:2]
    for path in (*heads, *eyes):
        assert not has_text(read_image(path)), path
