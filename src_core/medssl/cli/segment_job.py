"""How the command line runs the job that teaches a net masks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from medssl.cli.doing import do_or_start
from medssl.cli.output import out, print_json

if TYPE_CHECKING:
    from medssl.io import ImageListing


class Asked(NamedTuple):
    """What the command line asks of the training."""

    model: str
    labelled: str
    effort: Literal["quick", "standard", "paper"]
    steps: int | None
    coarse: bool
    side: int | None
    upright: bool
    device: str
    seed: int


def run_segment_job(
    listing: ImageListing,
    images: Sequence[Path],
    masks: Path,
    structures: dict[str, tuple[str, ...]] | None,
    folder: Path,
    asked: Asked,
    background: bool,
    json: bool,
) -> None:
    """Make a job of a fine-tuning on masks, and run or start it.

    Raises
    ------
    SettingsError
        If the model has no net to fine-tune.
    """
    from medssl.embed import INSTANT
    from medssl.embed.dimension import choose_ndim
    from medssl.errors import SettingsError
    from medssl.jobs import SegmentRequest
    from medssl.transfer import FinetuneSettings
    from medssl.transfer.base import RANDOM
    from medssl.transfer.predictions import MASKS_NAME, SIZES_NAME

    if asked.model == INSTANT:
        raise SettingsError("instant has no net to fine-tune: name a model with --model, or random")
    named = [asked.model] if asked.model != RANDOM else []
    ndim: Literal[2, 3] = 3 if choose_ndim(listing.sources, *named) == 3 else 2
    how = (ndim, asked.upright, asked.device, asked.seed)
    if asked.effort == "quick":
        settings = FinetuneSettings.few_labels(*how, coarse=asked.coarse)
    else:
        settings = FinetuneSettings.preset(asked.effort, *how)
        settings = settings.model_copy(update={"coarse": asked.coarse})
    settings = settings.model_copy(update={"longest_side": asked.side})
    if asked.steps is not None:
        settings = settings.model_copy(update={"steps": asked.steps})
    request = SegmentRequest(
        images=tuple(map(str, images)),
        masks=str(masks),
        structures=structures,
        labelled=asked.labelled,
        model=asked.model if asked.model == RANDOM else str(Path(asked.model).absolute()),
        settings=settings,
    )
    path = do_or_start(request, folder, "Learning", background, json, listing)
    if path is None:
        return
    if json:
        print_json({"run": path, "organs": path / SIZES_NAME, "predicted": path / MASKS_NAME})
        return
    out.print(f"Masks: {path / MASKS_NAME}. Not for diagnosis.", markup=False, soft_wrap=True)
