"""Fine-tuned nets on disk: weights and a card, as with model folders."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from medssl import __version__
from medssl.devices import choose_device
from medssl.errors import ModelError, StorageError
from medssl.nets import Architecture
from medssl.prepare import PreparedCohort
from medssl.prepare.settings import PrepareSettings
from medssl.transfer.base import Base
from medssl.transfer.classify import TrainedClassifier
from medssl.transfer.nets import Classifier, Segmenter
from medssl.transfer.segment import TrainedSegmenter
from medssl.transfer.settings import FinetuneSettings

WEIGHTS_NAME = "finetuned.safetensors"
CARD_NAME = "finetuned.json"
_REMEDY = "Name a folder that `medssl finetune` wrote, or fine-tune again."


class FinetunedCard(BaseModel):
    """Everything about a fine-tuned net but its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = Field(default=1, description="Version of this file's layout.")
    task: Literal["classify", "segment"] = Field(description="What it does.")
    names: tuple[str, ...] = Field(description="Classes, findings or structures, in order.")
    exclusive: bool = Field(description="Whether an image has exactly one of the classes.")
    architecture: Architecture = Field(description="The net.")
    input: PrepareSettings = Field(description="How images are prepared.")
    canvas: tuple[int, ...] = Field(description="Size that images are laid on, voxels.")
    base: dict[str, Any] = Field(description="The model that it began with; empty: none.")
    transferred: int = Field(description="Tensors taken over from it.")
    settings: FinetuneSettings = Field(description="How it learned.")
    learned_from: int = Field(description="Labelled images that it learned from.")
    seconds: float = Field(description="Seconds of learning.")
    versions: dict[str, str] = Field(
        default_factory=lambda: {"medssl": __version__, "torch": str(torch.__version__)},
        description="Packages that made it.",
    )
    created: str = Field(
        default_factory=lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        description="Time of creation, UTC.",
    )


def require_free(folder: str | Path) -> Path:
    """Return a folder that holds no fine-tuned net yet.

    Raises
    ------
    StorageError
        If it holds one, which is never replaced.
    """
    target = Path(folder)
    if (target / CARD_NAME).exists():
        raise StorageError(
            f"{target}: it holds a fine-tuned net already, which is not replaced. Name another "
            "folder, or delete this one."
        )
    return target


def make_card(
    trained: TrainedClassifier | TrainedSegmenter,
    names: tuple[str, ...],
    base: Base,
    prepared: PreparedCohort,
    settings: FinetuneSettings,
    learned_from: int,
    seconds: float,
) -> FinetunedCard:
    """Describe a fine-tuned net.

    Parameters
    ----------
    trained
        The net.
    names
        Classes, findings or structures.
    base
        What it began with.
    prepared
        The images, prepared for it.
    settings
        How it learned.
    learned_from
        Number of labelled images.
    seconds
        Of learning.
    """
    classifies = isinstance(trained, TrainedClassifier)
    return FinetunedCard(
        task="classify" if classifies else "segment",
        names=names,
        exclusive=trained.exclusive if isinstance(trained, TrainedClassifier) else False,
        architecture=base.architecture,
        input=prepared.settings,
        canvas=trained.canvas,
        base=base.record,
        transferred=len(trained.net.transferred),
        settings=settings,
        learned_from=learned_from,
        seconds=round(seconds, 1),
    )


def save_trained(
    folder: str | Path, trained: TrainedClassifier | TrainedSegmenter, card: FinetunedCard
) -> Path:
    """Write a fine-tuned net; the card comes last, so that a folder with a card is whole.

    Raises
    ------
    StorageError
        If it cannot be written, or the folder holds another.
    """
    target = require_free(folder)
    weights = {k: v.detach().cpu().contiguous() for k, v in trained.net.state_dict().items()}
    try:
        target.mkdir(parents=True, exist_ok=True)
        partial = target / f".{WEIGHTS_NAME}.part"
        save_file(weights, partial, metadata={"format": "pt"})
        partial.replace(target / WEIGHTS_NAME)
        partial = target / f".{CARD_NAME}.part"
        partial.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
        partial.replace(target / CARD_NAME)
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"{target}: the net cannot be written ({error}). Free some space or choose a folder "
            "that you may write to."
        ) from error
    return target


def load_trained(
    folder: str | Path, device: str = "auto"
) -> tuple[TrainedClassifier | TrainedSegmenter, FinetunedCard]:
    """Read a fine-tuned net.

    Raises
    ------
    ModelError
        If there is none, or a file of it is damaged.
    SettingsError
        If the device is not there.
    """
    target = Path(folder)
    card = _read_card(target / CARD_NAME)
    outputs = len(card.names)
    net: Classifier | Segmenter
    if card.task == "classify":
        net = Classifier(card.architecture, outputs)
    else:
        net = Segmenter(card.architecture, outputs, card.settings.coarse)
    try:
        net.load_state_dict(load_file(target / WEIGHTS_NAME))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{target / WEIGHTS_NAME}: the weights are missing or damaged ({reason}). {_REMEDY}"
        ) from error
    net.to(choose_device(device)).eval().requires_grad_(False)
    if isinstance(net, Classifier):
        return TrainedClassifier(net, card.exclusive, card.canvas), card
    return TrainedSegmenter(net, card.canvas), card


def _read_card(path: Path) -> FinetunedCard:
    try:
        return FinetunedCard.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ModelError(f"{path.parent}: there is no fine-tuned net in it. {_REMEDY}") from error
    except (OSError, ValueError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path}: the card is damaged ({reason}). {_REMEDY}") from error
