"""Whether images are embedded in 2-D or in 3-D."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medssl.embed.embedder import INSTANT
from medssl.errors import MedsslError

if TYPE_CHECKING:
    from medssl.io import ImageSource


def choose_ndim(sources: Sequence[ImageSource], model: str = INSTANT) -> int:
    """Decide whether the work is in 2-D or 3-D: as the model, else as the first readable image.

    A volume of a single slice counts as 2-D.

    Raises
    ------
    MedsslError
        If there is no model where one is named, or not one image can be read.
    """
    if model != INSTANT:
        from medssl.models import find_model_folder, read_card

        return read_card(find_model_folder(model)).input.ndim
    from medssl.prepare.orientation import working_ndim

    refused = []
    for source in sources:
        try:
            return working_ndim(source.read().grid)
        except MedsslError as error:
            refused.append(error)
    raise refused[0]
