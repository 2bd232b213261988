"""Pictures of answers: the best, the median and the worst."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from medssl.evaluate.segmentation.methods import Answer
from medssl.prepare import Case

TILE = 320
COLOURS = ((255, 120, 0), (0, 180, 255), (60, 220, 60))


class Sheet:
    """Keeps small pictures of all answers, and draws the best, the median and the worst."""

    def __init__(self) -> None:
        self.pictures: dict[str, NDArray[np.uint8]] = {}

    def __call__(self, case: Case, answer: Answer, truth: NDArray[np.bool_]) -> None:
        """Keep one answer."""
        first = next(iter(answer.masks.values()))
        grey = np.asarray(case.array[0], np.float32)
        if grey.ndim == 3:
            middle = truth.any(0).sum((1, 2)).argmax()
            first, truth = first[:, middle], truth[:, middle]
            grey = grey[round(middle * (len(grey) - 1) / max(1, case.source_grid.shape[0] - 1))]
        side = TILE / max(grey.shape)
        size = (round(grey.shape[1] * side), round(grey.shape[0] * side))
        values = np.asarray(Image.fromarray((grey * 255).astype(np.uint8)).resize(size))
        picture = np.repeat(values[..., None], 3, -1)
        for found, true, colour in zip(first, truth, COLOURS, strict=False):
            picture[border(true, size)] = (255, 255, 255)
            picture[border(found, size)] = colour
        self.pictures[case.key] = picture

    def draw(self, result: dict[str, Any], path: Path) -> None:
        """Draw a row of three."""
        scores: dict[str, list[float]] = {}
        for row in result["cases"]:
            if row["dice"] is not None:
                scores.setdefault(row["image"], []).append(row["dice"])
        order = sorted(scores, key=lambda key: -mean(scores[key]))
        captions = []
        chosen = (order[0], order[len(order) // 2], order[-1])
        height = max(len(self.pictures[key]) for key in chosen)
        sheet = np.zeros((height, 3 * TILE, 3), np.uint8)
        for column, key in enumerate(chosen):
            picture = self.pictures[key]
            sheet[: picture.shape[0], column * TILE : column * TILE + picture.shape[1]] = picture
            told = f"{('best', 'median', 'worst')[column]}: {key}, Dice {mean(scores[key]):.3f}"
            print(told)
            captions.append(told)
        drawn = Image.fromarray(sheet)
        pen = ImageDraw.Draw(drawn)
        for column, told in enumerate(captions):
            pen.text((column * TILE + 4, 2), told, "white", stroke_width=2, stroke_fill="black")
        drawn.save(path)


def border(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the border of a mask at another size."""
    small = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST), bool)
    return np.asarray(small & ~ndimage.binary_erosion(small))
