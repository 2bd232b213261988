"""What a person asks of a pretraining: one model for form, command line and job."""

from __future__ import annotations

from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medssl.errors import SettingsError
from medssl.nets import Family, in_family
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain.recipe import Recipe

_Model = TypeVar("_Model", bound=BaseModel)
RecipeName = Literal[
    "ld", "dira-moco", "dira-barlow", "dira-simsiam", "dira-visual-words", "ld+dira"
]
_DIRA: dict[str, tuple[Literal["moco", "barlow", "simsiam", "words"], bool]] = {
    "dira-moco": ("moco", False),
    "dira-barlow": ("barlow", False),
    "dira-simsiam": ("simsiam", False),
    "dira-visual-words": ("words", False),
    "ld+dira": ("barlow", True),
}
"""What tells images apart in a recipe, and whether places are told apart too.

Beside places it is Barlow Twins: MoCo's queue holds no more keys than there are images, and on
cohorts of a hundred it collapsed there.
"""

_OF_LD: dict[str, Any] = {"only_for": ["ld"]}
_OF_DIRA: dict[str, Any] = {"only_for": list(_DIRA)}
"""Recipes that a setting belongs to; in the schema, so that a form can leave out the others."""

_AS_THE_RECIPE: dict[str, Any] = {"batch": None, "rate": 1.0}
"""What a stage has of its own no more where a person sets the batch."""


class PretrainSettings(BaseModel):
    """A pretraining as it is asked for; what is left empty follows from the preset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: RecipeName = Field(
        default="ld",
        description="Pretraining method. ld: local discrimination. dira-moco, dira-barlow, "
        "dira-simsiam: discriminative, restorative and adversarial learning of whole images. "
        "dira-visual-words: the same, with places that similar patients share. "
        "ld+dira: dira-barlow and places told apart, on one net.",
    )
    preset: Literal["quick", "standard", "paper"] = Field(
        default="quick", description="Named settings: minutes, an hour, or the paper's."
    )
    form: Literal["dense", "grid"] | None = Field(
        default=None,
        json_schema_extra=_OF_LD,
        description="dense: points, learns in minutes; grid: the paper's patches. "
        "Empty: the preset's.",
    )
    schedule: Literal["stepwise", "warmup", "joint"] | None = Field(
        default=None,
        json_schema_extra=_OF_DIRA,
        description="DiRA: parts are added one after the other (stepwise, the default), the "
        "adversary alone comes later (warmup), or all learn from the first step (joint).",
    )
    parts: Literal["di", "res", "dir", "dira"] | None = Field(
        default=None,
        json_schema_extra=_OF_DIRA,
        description="DiRA: discrimination alone, restoration alone, both, or both and the "
        "adversary (dira, the default).",
    )
    ndim: Literal[2, 3] = Field(default=2, description="Pictures (2) or volumes (3).")
    channels: Literal[1, 3] = Field(default=1, description="Grey (1) or colour (3).")
    upright: bool = Field(
        default=True,
        description="The images have a known way up: no flips, small rotations. "
        "Off for fundus photographs and the like.",
    )
    clusters: int | None = Field(
        default=None,
        ge=2,
        le=64,
        json_schema_extra=_OF_LD,
        description="Structures that a second stage learns to tell apart (region discrimination; "
        "the paper's 16). Empty: no second stage.",
    )
    balance: float = Field(
        default=0.0,
        ge=0,
        le=10,
        json_schema_extra=_OF_LD,
        description="How strongly clusters are asked to be used alike (weight of a loss that the "
        "paper has not). 0: not at all; 1 where a few clusters take most of the images.",
    )
    centre_sensitive: bool = Field(
        default=False,
        json_schema_extra=_OF_LD,
        description="grid: a patch's feature speaks mostly for its centre (center-sensitive "
        "averaging pooling). The dense form has no patches.",
    )
    net: Family | None = Field(
        default=None,
        description="Family of the net; resnet18 and resnet50 are for pictures. "
        "Empty: the preset's.",
    )
    width: int | None = Field(
        default=None,
        ge=4,
        le=512,
        description="Channels of the net's finest level; the others follow in the family's "
        "ratios. Empty: the preset's.",
    )
    longest_side: int | None = Field(
        default=None,
        ge=64,
        le=4096,
        description="Pictures: pixels along the longest side to work at; more for thin "
        "structures. Empty: the preset's.",
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="Time to train; turned into a number of steps after a short warm-up.",
    )
    steps: int | None = Field(default=None, ge=1, description="Steps to train.")
    batch: int | None = Field(
        default=None, ge=1, description="Images a step and process; empty: the preset's."
    )
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")
    precision: Literal["auto", "float32", "bf16"] = Field(
        default="auto", description="auto: bf16 where the hardware is fast at it."
    )
    compile: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Compile the net. auto: where the training is long enough to win back the "
        "minute that it takes; said where it does not work.",
    )
    seed: int = Field(default=0, ge=0, description="Seed of everything random.")
    custom: Recipe | None = Field(
        default=None, description="A recipe of your own in place of the preset's."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        from medssl.presets import default_form

        self._check_method()
        if self.minutes is not None and self.steps is not None:
            raise ValueError("give minutes or steps, not both")
        if self.custom is not None and (self.clusters or self.balance or self.centre_sensitive):
            raise ValueError(
                "clusters, balance and centre_sensitive belong into the recipe of your own"
            )
        if self.balance and self.clusters is None:
            raise ValueError("balance is of clusters: ask for some")
        if self.custom is not None and (self.net is not None or self.width is not None):
            raise ValueError("net and width belong into the recipe of your own")
        if self.longest_side is not None and (self.ndim == 3 or self.custom is not None):
            raise ValueError("longest_side is for pictures, and for no recipe of your own")
        if self.net in ("resnet18", "resnet50") and self.ndim == 3:
            raise ValueError(f"{self.net} is for pictures; volumes take plain or vgg")
        if self.centre_sensitive and (self.form or default_form(self.preset)) == "dense":
            raise ValueError("centre_sensitive needs the form grid: the dense form has no patches")
        if self.custom is not None and self.custom.prepare.ndim != self.ndim:
            raise ValueError(
                f"the recipe is {self.custom.prepare.ndim}-D, the images {self.ndim}-D"
            )
        return self

    def _check_method(self) -> None:
        """Refuse what the recipe knows nothing of."""
        asked = {name: value for name, value in self if value not in (None, False, 0)}
        for name, field in type(self).model_fields.items():
            extra = field.json_schema_extra
            recipes = extra.get("only_for") if isinstance(extra, dict) else None
            foreign = isinstance(recipes, list) and self.recipe not in recipes
            if foreign and name in asked and self.custom is None:
                raise ValueError(f"{name} does not belong to the recipe {self.recipe}")
        if self.parts == "res" and self.schedule is not None:
            raise ValueError("restoration alone has one stage: schedule says nothing of it")

    def resolve(self) -> Recipe:
        """Return the recipe that these settings mean."""
        recipe = self.custom or self._recipe()
        changes: dict[str, Any] = {}
        if self.batch is not None:
            alike = [stage.model_copy(update=_AS_THE_RECIPE) for stage in recipe.stages]
            changes["batch"] = self.batch
            changes["stages"] = [stage.model_dump() for stage in alike]
        if self.longest_side is not None:
            changes["prepare"] = recipe.prepare.model_dump() | {"longest_side": self.longest_side}
        if self.net is not None or self.width is not None:
            net = in_family(recipe.architecture, self.net, self.width)
            asked = [str(word) for word in (self.net, self.width) if word is not None]
            changes["architecture"] = net.model_dump()
            changes["name"] = "-".join([recipe.name, *asked])
        return _checked(Recipe, recipe.model_dump() | changes) if changes else recipe

    def _recipe(self) -> Recipe:
        from medssl.presets import SHORTEST_LINKED_MINUTES, ld_recipe
        from medssl.presets_dira import dira_recipe

        if self.recipe == "ld":
            return ld_recipe(
                self.preset,
                self.form,
                self.ndim,
                self.channels,
                self.upright,
                self.clusters,
                self.centre_sensitive,
                linked=self.minutes is None or self.minutes >= SHORTEST_LINKED_MINUTES,
                balance=self.balance,
            )
        discrimination, places = _DIRA[self.recipe]
        return dira_recipe(
            self.preset,
            discrimination,
            self.ndim,
            self.channels,
            self.upright,
            self.schedule or "stepwise",
            self.parts or "dira",
            places,
        )

    @property
    def prepare(self) -> PrepareSettings:
        """How images must be prepared for this training."""
        return self.resolve().prepare


def make_settings(**values: Any) -> PretrainSettings:
    """Build settings from named values, as a command line or a form gives them.

    Raises
    ------
    SettingsError
        If a value is not possible; the message names it.
    """
    return _checked(PretrainSettings, values)


def _checked(model: type[_Model], values: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{where}: {text}" if where else text) from error
