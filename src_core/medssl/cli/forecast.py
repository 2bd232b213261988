"""``medssl pretrain --forecast``: what a training would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from medssl.cli.bars import working
from medssl.cli.output import out, print_json, say
from medssl.errors import FileRefusedError

if TYPE_CHECKING:
    from medssl.io import ImageSource
    from medssl.pretrain import PretrainSettings

LOOKED_INTO = 6


def print_forecast(
    sources: Sequence[ImageSource], settings: PretrainSettings, background: bool, json: bool
) -> None:
    """Print time, memory and disk of a training; nothing is started.

    Parameters
    ----------
    sources
        The images; the sizes of a few of them stand for all.
    settings
        What would be trained.
    background
        Whether it would run in the background, on all cores but one.
    json
        Whether to print JSON.

    Raises
    ------
    MedsslError
        If no image can be read, or none is of the right dimension.
    """
    import torch

    from medssl.jobs.forecast import forecast

    with working("Forecasting"):
        shapes = _shapes(sources[:: -(-len(sources) // LOOKED_INTO)])
        every = [shapes[number % len(shapes)] for number in range(len(sources))]
        threads = None if background else torch.get_num_threads()
        told = forecast(settings, every, threads=threads)
    if json:
        print_json(asdict(told))
        return
    out.print(told.text, markup=False, soft_wrap=True)
    if told.warning:
        say(told.warning)


def _shapes(sources: Sequence[ImageSource]) -> list[tuple[int, ...]]:
    """Read the sizes of images; those that cannot be read are passed over while one can."""
    from medssl.jobs.forecast_shapes import cubic_shape

    shapes, refused = [], None
    for source in sources:
        try:
            shapes.append(cubic_shape(source.read().grid))
        except FileRefusedError as error:
            refused = error
    if refused is not None and not shapes:
        raise refused
    return shapes
