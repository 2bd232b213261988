"""What a comparison of pretrainings is asked to compare."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medssl.errors import SettingsError
from medssl.transfer.draw import ALL, require_amount

RANDOM = "random"
METHODS = (RANDOM, "ld", "dira-moco", "dira-barlow", "dira-simsiam", "ld+dira")
"""What is compared."""
VOLUME_METHOD = "dira-visual-words"
"""What is compared beside in volumes."""
_PARTS = ("di", "res", "dir", "dira")
_SCHEDULES = ("stepwise", "warmup", "joint")


def default_methods(volumes: bool) -> tuple[str, ...]:
    """Return what is compared unless asked otherwise."""
    return (*METHODS, VOLUME_METHOD) if volumes else METHODS


class TransferRequest(BaseModel):
    """Methods, numbers of labels, seeds and budgets of a comparison."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    methods: tuple[str, ...] = Field(
        default=METHODS,
        min_length=1,
        description="Recipes, each with its ablation and schedule after colons: dira-moco, "
        "dira-moco:di, dira-barlow:dira:joint.",
    )
    models: dict[str, str] = Field(
        default_factory=dict, description="Model folders to compare beside, by a name of yours."
    )
    labelled: tuple[str, ...] = Field(
        default=("5", "10", ALL),
        min_length=1,
        description="Labelled images (of each class): a number, a share as 25%, or all.",
    )
    seeds: int = Field(default=5, ge=1, description="Draws of the labelled images.")
    test_share: float = Field(
        default=0.4, gt=0, lt=1, description="Share of the images that no training ever sees."
    )
    net: Literal["plain", "vgg", "resnet18", "resnet50"] | None = Field(
        default=None, description="Net of all recipes; empty: resnet18, of volumes plain."
    )
    width: int | None = Field(
        default=None, ge=4, description="Its finest level; empty: 16, of volumes 8."
    )
    longest_side: int = Field(default=128, ge=32, description="2-D: working grid, pixels.")
    spacing_mm: float | None = Field(
        default=None, gt=0, description="3-D: working grid; empty chooses it by cohort."
    )
    channels: Literal[1, 3] = Field(default=1, description="Grey (1) or colour (3).")
    upright: bool = Field(default=True, description="Whether images have a known way up.")
    pretrain_minutes: float | None = Field(
        default=None, gt=0, description="Length of each pretraining."
    )
    pretrain_steps: int | None = Field(default=None, ge=1, description="The same in steps.")
    finetune_steps: int | None = Field(
        default=None, ge=2, description="Steps of each fine-tuning; empty: the preset's."
    )
    finetune_crop: int | None = Field(
        default=None,
        ge=16,
        description="Voxels along a side that a step of fine-tuning sees; empty: the preset's.",
    )
    bootstrap: int = Field(default=2000, ge=100, description="Resamplings of the intervals.")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.pretrain_minutes is not None and self.pretrain_steps is not None:
            raise ValueError("give minutes or steps of the pretraining, not both")
        for text in self.labelled:
            require_amount(text)
        for name in self.methods:
            split_method(name)
        twice = set(self.models) & set(self.methods)
        if twice:
            raise ValueError(f"{twice.pop()!r} names a recipe; give the model another name")
        return self


def split_method(name: str) -> dict[str, str | None]:
    """Return recipe, parts and schedule that a method's name means.

    Examples
    --------
    >>> split_method("dira-barlow:joint")
    {'recipe': 'dira-barlow', 'parts': None, 'schedule': 'joint'}
    """
    recipe, *rest = name.split(":")
    found: dict[str, str | None] = {"recipe": recipe, "parts": None, "schedule": None}
    for word in rest:
        kind = "parts" if word in _PARTS else "schedule" if word in _SCHEDULES else None
        if kind is None:
            known = ", ".join((*_PARTS, *_SCHEDULES))
            raise ValueError(f"method {name!r}: {word!r} is none of {known}")
        found[kind] = word
    return found


def make_transfer_request(**values: Any) -> TransferRequest:
    """Build a request from named values.

    Raises
    ------
    SettingsError
        If a value is not possible; the message names it.
    """
    try:
        return TransferRequest.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{where}: {text}" if where else text) from error
