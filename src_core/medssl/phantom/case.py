"""What a phantom is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medssl.io.image import Image


@dataclass(frozen=True)
class Phantom:
    """A made-up image with everything that is known about it.

    Parameters
    ----------
    image
        The image, in millimetres.
    landmarks
        Name to ``point_vox``, ``(y, x)`` or ``(z, y, x)``. Landmarks outside of the picture
        are left out.
    masks
        Name of the structure to a mask on the image's grid.
    lesions
        Mask of the lesions, None where none was asked for.
    """

    image: Image
    landmarks: dict[str, tuple[float, ...]]
    masks: dict[str, NDArray[np.bool_]]
    lesions: NDArray[np.bool_] | None = None
