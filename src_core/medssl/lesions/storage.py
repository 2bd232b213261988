"""Classifiers of lesions on disk: weights of all nets and a card, as with model folders."""

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
from medssl.lesions.calibration import Calibration
from medssl.lesions.learning import begin_net
from medssl.lesions.model import LesionModel
from medssl.lesions.settings import LesionSettings
from medssl.nets import Architecture
from medssl.prepare.settings import PrepareSettings

WEIGHTS_NAME = "lesions.safetensors"
CARD_NAME = "lesions.json"
SUBFOLDER = "lesions"
NOTICE = "Research software: not for diagnosis."
_REMEDY = "Name a folder that `medssl lesions fit` wrote, or fit again."


class LesionCard(BaseModel):
    """Everything about a classifier of lesions but its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = Field(default=1, description="Version of this file's layout.")
    notice: str = Field(default=NOTICE, description="What it is not for.")
    questions: tuple[str, ...] = Field(description="What is asked, in order.")
    classes: dict[str, int] = Field(description="Number of the question of each class.")
    architecture: Architecture = Field(description="The net.")
    input: PrepareSettings = Field(description="How images are prepared.")
    sliced: bool = Field(description="Whether volumes go through it slice by slice.")
    settings: LesionSettings = Field(description="How it learned.")
    calibration: tuple[Calibration, ...] = Field(description="Of each question.")
    base: dict[str, Any] = Field(description="The model that it began with; empty: none.")
    transferred: int = Field(description="Tensors taken over from it.")
    learned_from: dict[str, int] = Field(description="Images of each class.")
    steps: tuple[int, ...] = Field(description="Steps that each net learned.")
    held_out: dict[str, dict[str, float | None]] = Field(
        description="Of each question, over images that a net had not learned from: area under "
        "the ROC curve, Brier score, and the Brier score of always telling how common a yes is."
    )
    seconds: float = Field(description="Seconds of learning.")
    versions: dict[str, str] = Field(
        default_factory=lambda: {"medssl": __version__, "torch": str(torch.__version__)},
        description="Packages that made it.",
    )
    created: str = Field(
        default_factory=lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        description="Time of creation, UTC.",
    )


def save_lesion_model(folder: str | Path, model: LesionModel, card: LesionCard) -> Path:
    """Write a classifier; the card comes last, so that a folder with a card is whole.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    target = Path(folder)
    weights = {
        f"{number}.{name}": value.detach().cpu().contiguous()
        for number, net in enumerate(model.members)
        for name, value in net.state_dict().items()
    }
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
            f"{target}: the nets cannot be written ({error}). Free some space or choose a folder "
            "that you may write to."
        ) from error
    return target


def load_lesion_model(folder: str | Path, device: str = "auto") -> tuple[LesionModel, LesionCard]:
    """Read a classifier, from its folder or from the run folder around it.

    Raises
    ------
    ModelError
        If there is none, or a file of it is damaged.
    SettingsError
        If the device is not there.
    """
    target = _inner(folder)
    card = load_card(target)
    chosen = choose_device(device)
    outputs, count = len(card.questions), len(card.steps)
    try:
        weights = load_file(target / WEIGHTS_NAME)
        members = []
        for number in range(count):
            net = begin_net(
                card.architecture, outputs, card.settings.head, card.sliced, None, chosen, 0
            )
            begin = f"{number}."
            own = {k.removeprefix(begin): v for k, v in weights.items() if k.startswith(begin)}
            net.load_state_dict(own)
            members.append(net.eval().requires_grad_(False))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{target / WEIGHTS_NAME}: the weights are missing or damaged ({reason}). {_REMEDY}"
        ) from error
    model = LesionModel(
        tuple(members), card.questions, card.classes, card.calibration, card.settings.mirror
    )
    return model, card


def _inner(folder: str | Path) -> Path:
    target = Path(folder)
    if not (target / CARD_NAME).exists() and (target / SUBFOLDER / CARD_NAME).exists():
        return target / SUBFOLDER
    return target


def load_card(folder: str | Path) -> LesionCard:
    """Read the card of a classifier, from its folder or from the run folder around it.

    Raises
    ------
    ModelError
        If there is none, or it is damaged.
    """
    path = _inner(folder) / CARD_NAME
    try:
        return LesionCard.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ModelError(
            f"{path.parent}: there is no classifier of lesions in it. {_REMEDY}"
        ) from error
    except (OSError, ValueError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path}: the card is damaged ({reason}). {_REMEDY}") from error
