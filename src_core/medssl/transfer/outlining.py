"""Fine-tune on masks, and write net, card and predictions into a folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from medssl.prepare import PreparedCohort
from medssl.progress import Progress, silent
from medssl.transfer.base import Base
from medssl.transfer.masks import MaskFiles
from medssl.transfer.predictions import write_masks
from medssl.transfer.segment import finetune_segmenter
from medssl.transfer.settings import FinetuneSettings
from medssl.transfer.storage import FinetunedCard, make_card, save_trained


def learn_outlines(
    folder: Path,
    prepared: PreparedCohort,
    masks: MaskFiles,
    keys: Sequence[str],
    base: Base,
    settings: FinetuneSettings,
    progress: Progress = silent,
) -> tuple[Path, FinetunedCard]:
    """Fine-tune a segmenter, write it, and segment all images with it.

    The net is written before anything is predicted.

    Parameters
    ----------
    folder
        Where net and predictions are written.
    prepared
        All images, prepared as `base` wants them.
    masks
        Where the masks are.
    keys
        The images that are learned from.
    base
        What it begins with.
    settings
        How it learns.
    progress
        Called throughout; may raise `Cancelled`.

    Returns
    -------
    path
        The table of sizes.
    card
        What was written of the net.

    Raises
    ------
    FileRefusedError
        If a mask does not fit its image.
    StorageError
        If something cannot be written, or the folder holds a net already.
    """
    begun = time.monotonic()
    cases = [prepared.case(key) for key in keys]
    trained = finetune_segmenter(cases, masks, base.architecture, base.net, settings, progress)
    seconds = time.monotonic() - begun
    card = make_card(trained, masks.names, base, prepared, settings, len(keys), seconds)
    save_trained(folder, trained, card)
    path = write_masks(folder, prepared.cases, trained, masks.names, keys, progress)
    return path, card


def images_with_masks(prepared: PreparedCohort, masks: MaskFiles) -> list[str]:
    """Return the keys of the images of which some mask is known."""
    return [case.key for case in prepared.cases if masks.known(case).any()]
