"""Model folders: a trained net with all that is needed to use it again.

``model.safetensors`` holds the weights, ``model.json`` the card (architecture, input, recipe,
data, versions, licence), ``card.md`` the same for people.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from medssl import __version__
from medssl.errors import ModelError, StorageError
from medssl.nets.architecture import Architecture
from medssl.nets.unet import DenseNet, build_net
from medssl.prepare.settings import PrepareSettings

WEIGHTS_NAME = "model.safetensors"
CARD_NAME = "model.json"
TEXT_NAME = "card.md"
_REMEDY = "Name a model folder or a finished run folder, or train the model again."


class EmbeddingInfo(BaseModel):
    """What comes out of the net."""

    model_config = ConfigDict(frozen=True)

    channels: int = Field(description="Length of an embedding.")
    stride: int = Field(description="Working voxels an embedding cell along each axis.")


class DataInfo(BaseModel):
    """What the net was trained on, without naming it."""

    model_config = ConfigDict(frozen=True)

    n_images: int = Field(description="Number of images.")
    fingerprint: str = Field(default="", description="Fingerprint of the prepared cohort.")


class ClusterInfo(BaseModel):
    """What is known of the clusters over the cohort; the prototypes are among the weights."""

    model_config = ConfigDict(frozen=True)

    count: int = Field(description="Number of clusters.")
    n_images: int = Field(description="Images that the prototypes were computed from.")
    shares: tuple[float, ...] = Field(
        description="Share of all cells that each cluster is the likeliest of."
    )


class ModelCard(BaseModel):
    """Everything about a model but its weights; stored as ``model.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=1, description="Version of this file's layout.")
    architecture: Architecture = Field(description="The net.")
    input: PrepareSettings = Field(description="How images are prepared for the net.")
    embedding: EmbeddingInfo = Field(description="What the net gives.")
    clusters: ClusterInfo | None = Field(
        default=None, description="Clusters with prototypes over the cohort, where there are any."
    )
    recipe: dict[str, Any] = Field(default_factory=dict, description="How it was trained.")
    data: DataInfo = Field(description="What it was trained on.")
    versions: dict[str, str] = Field(
        default_factory=lambda: {"medssl": __version__, "torch": str(torch.__version__)},
        description="Packages that made the model.",
    )
    licence: str = Field(
        default="not stated; follows from the images it was trained on",
        description="Licence of the weights.",
    )
    created: str = Field(
        default_factory=lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        description="Time of creation, UTC.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        net = self.architecture
        for what, said, built in (
            ("embedding.stride", self.embedding.stride, net.out_stride),
            ("embedding.channels", self.embedding.channels, net.embedding_channels),
            ("clusters.count", self.clusters.count if self.clusters else None, net.clusters),
            ("input.ndim", self.input.ndim, net.ndim),
            ("input.channels", self.input.channels, net.in_channels),
        ):
            if said is not None and said != built:
                raise ValueError(f"{what} is {said}, but the net is built for {built}")
        return self

    @property
    def images_seen(self) -> int | None:
        """Images that all steps of the training drew; None where the card does not tell."""
        steps = self.recipe.get("steps")
        resolved = self.recipe.get("resolved")
        batch = resolved.get("batch") if isinstance(resolved, dict) else None
        if not isinstance(steps, int) or not isinstance(batch, int):
            return None
        return steps * batch


@dataclass(frozen=True)
class Model:
    """A net in evaluation mode with its card and the folder that it came from."""

    net: DenseNet
    card: ModelCard
    path: Path


def save_model(folder: str | Path, net: DenseNet, card: ModelCard) -> Path:
    """Write a model folder; an older model in it is replaced file by file, whole or not at all.

    Raises
    ------
    StorageError
        If the folder cannot be written.
    """
    target = Path(folder)
    weights = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    try:
        target.mkdir(parents=True, exist_ok=True)
        partial = target / f".{WEIGHTS_NAME}.part"
        save_file(weights, partial, metadata={"format": "pt"})
        partial.replace(target / WEIGHTS_NAME)
        _write_text(target / CARD_NAME, card.model_dump_json(indent=2) + "\n")
        _write_text(target / TEXT_NAME, _describe(card))
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"{target}: the model cannot be written ({error}). "
            "Free some space or choose a folder that you may write to."
        ) from error
    return target


def load_model(path: str | Path, device: str | torch.device = "cpu") -> Model:
    """Read a model folder, or the model of a run folder.

    Parameters
    ----------
    path
        A model folder, or a run folder whose ``model`` folder exists.
    device
        Where the net is put.

    Raises
    ------
    ModelError
        If there is no model, or a file of it is missing or damaged.
    """
    folder = find_model_folder(path)
    card = read_card(folder)
    weights_path = folder / WEIGHTS_NAME
    if not weights_path.is_file():
        raise ModelError(f"{weights_path}: the weights are missing. {_REMEDY}")
    try:
        weights = load_file(weights_path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{weights_path}: the weights are damaged ({error}). {_REMEDY}") from error
    net = build_net(card.architecture)
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ModelError(
            f"{weights_path}: the weights do not fit the architecture in {CARD_NAME} ({reason}). "
            f"{_REMEDY}"
        ) from error
    return Model(net.to(device).eval().requires_grad_(False), card, folder)


def find_model_folder(path: str | Path) -> Path:
    """Return the model folder that `path` means: itself, or the ``model`` of a run folder.

    Raises
    ------
    ModelError
        If neither holds a model.
    """
    given = Path(path)
    for folder in (given, given / "model"):
        if (folder / CARD_NAME).is_file():
            return folder
    if (given / "job.json").is_file():
        raise ModelError(
            f"{given}: this run has no model yet. Run the same command again to finish it."
        )
    found = "no such folder" if not given.exists() else f"it holds no {CARD_NAME}"
    raise ModelError(f"{given}: this is not a model folder ({found}). {_REMEDY}")


def read_card(folder: str | Path) -> ModelCard:
    """Read a model's card without its weights.

    Raises
    ------
    ModelError
        If the card is damaged or of a newer medssl.
    """
    path = Path(folder) / CARD_NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(values, dict) and values.get("format", 1) != 1:
            raise ModelError(
                f"{path}: the model has format {values['format']}, this medssl reads format 1. "
                "Update medssl."
            )
        return ModelCard.model_validate(values)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"{path}: the model's card is damaged ({error}). {_REMEDY}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        if not isinstance(values, dict):
            what = f"it holds a {type(values).__name__}, not an object with names"
        what = f"{where}: {what}" if where else what
        raise ModelError(f"{path}: the model's card is damaged ({what}). {_REMEDY}") from error


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _describe(card: ModelCard) -> str:
    grid = (
        f"longest side {card.input.longest_side} pixels"
        if card.input.ndim == 2
        else f"{card.input.spacing_mm} mm a voxel"
    )
    return (
        f"# medssl model: {card.recipe.get('name', card.architecture.kind)}\n\n"
        f"- Input: {card.input.ndim}-D, {card.input.channels} channel(s), {grid}\n"
        f"- Net: {card.architecture.kind} U-Net, widths "
        f"{', '.join(map(str, card.architecture.widths))}\n"
        f"- Output: {card.embedding.channels} channels, one cell every {card.embedding.stride} "
        "voxels, unit length\n"
        f"{_describe_clusters(card)}"
        f"{_describe_origin(card)}"
        f"- Made {card.created} with medssl {card.versions.get('medssl', '?')}, "
        f"torch {card.versions.get('torch', '?')}\n"
        f"- Licence: {card.licence}\n\n"
        "Research use. It has not been approved for diagnosis.\n"
    )


def _describe_origin(card: ModelCard) -> str:
    if card.recipe.get("name") == "imported":
        return f"- Imported from {card.recipe.get('source', '?')}\n- Trained on: not known\n"
    return (
        f"- Trained on {card.data.n_images} images without labels "
        f"(cohort {card.data.fingerprint or 'not fingerprinted'})\n"
    )


def _describe_clusters(card: ModelCard) -> str:
    if card.clusters is None:
        return ""
    used = sum(share > 0.01 for share in card.clusters.shares)
    return (
        f"- Clusters: {card.clusters.count}, of which {used} hold more than 1 % of the cells; "
        f"prototypes from {card.clusters.n_images} images\n"
    )
