"""How long a map takes, with nets that have learned nothing: the weights do not matter."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Literal

import numpy as np

from medssl.devices import choose_device
from medssl.geometry import Grid
from medssl.io import Image, list_images, write_image
from medssl.lesions import METHODS, LesionModel, LesionSettings, on_source, open_lesion_base
from medssl.lesions.calibration import Calibration
from medssl.lesions.learning import begin_net
from medssl.prepare import ArrayCache, Case, prepare_cohort

_AGAIN = 3


def seconds_a_map(ndim: Literal[2, 3], side: int, device: str = "auto") -> dict[str, float]:
    """Return the seconds of each method for an image of `side` voxels a side, prepared before.

    They hold the answers of all nets to all mirrored and shifted images, and the way back to the
    image's own grid; the fastest of three.
    """
    settings = LesionSettings.preset(ndim=ndim)
    base = open_lesion_base("random", ndim)
    chosen = choose_device(device)
    members = tuple(
        begin_net(base.architecture, 1, settings.head, False, None, chosen, seed)
        .eval()
        .requires_grad_(False)
        for seed in range(settings.folds)
    )
    model = LesionModel(members, ("lesion",), {"lesion": 0}, (Calibration(),), settings.mirror)
    with tempfile.TemporaryDirectory() as folder:
        case = _case(Path(folder), base.input, ndim, side)
        found: dict[str, float] = {}
        for method in METHODS:
            times = []
            for _ in range(_AGAIN):
                begun = time.perf_counter()
                maps = model.find(case, method).maps
                assert maps is not None
                on_source(maps, case)
                times.append(time.perf_counter() - begun)
            found[method] = min(times)
    return found


def _case(folder: Path, settings: object, ndim: int, side: int) -> Case:
    from medssl.prepare import PrepareSettings

    assert isinstance(settings, PrepareSettings)
    if ndim == 3:
        settings = settings.model_copy(update={"spacing_mm": 1.0})
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (side,) * ndim).astype(np.uint8)
    grid = Grid.create(values.shape, (1.0,) * ndim) if ndim == 3 else Grid.create(values.shape)
    path = folder / ("image.png" if ndim == 2 else "image.nii.gz")
    write_image(Image(values, grid, "yx" if ndim == 2 else "zyx"), path)
    (case,) = prepare_cohort(list_images(path), settings, ArrayCache(folder / "cache")).cases
    return case
