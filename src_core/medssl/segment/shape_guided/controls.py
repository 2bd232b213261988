"""Filters of tubes, as controls: what needs neither learning nor a prior."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.filters import frangi, sato

from medssl.objectives.shape_inside import FIELD

FRANGI, SATO = "frangi", "sato"
FILTERS = (FRANGI, SATO)
AREAS = tuple(round(0.02 * 1.12**step, 4) for step in range(24))
"""Shares of the field of view that a control may cover, 2 to 27 %."""
_SIGMAS = range(1, 6)


def filter_response(array: NDArray[Any], name: str, dark: bool) -> NDArray[np.float32]:
    """Return the response of a filter on the prepared contrast; beyond the field it is 0.

    Parameters
    ----------
    array
        Prepared image ``(3, *spatial)``.
    name
        `frangi` or `sato`, with scikit-image's own settings and sigmas of 1 to 5 voxels.
    dark
        Whether tubes are dark.
    """
    values = np.asarray(array[0], np.float64)
    field = np.asarray(array[FIELD], np.float32) > 0.5
    method = frangi if name == FRANGI else sato
    given = method(values, sigmas=_SIGMAS, black_ridges=dark)
    return np.where(field, given, 0).astype(np.float32)


def cut_at_area(
    response: NDArray[np.float32], field: NDArray[np.bool_], area: float
) -> NDArray[np.bool_]:
    """Return the strongest voxels: a share `area` of the field."""
    limit = np.quantile(response[field], 1 - area)
    return np.asarray((response > limit) & field, np.bool_)
