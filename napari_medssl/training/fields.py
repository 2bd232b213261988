"""Fields of a typed model as a form can show them, read from its JSON schema.

The schema is a plain dictionary: it is made where the model can be imported, and the window needs
neither the model nor torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["choice", "whole", "number", "flag", "text"]
_KINDS: dict[str, Kind] = {
    "integer": "whole",
    "number": "number",
    "boolean": "flag",
    "string": "text",
}


@dataclass(frozen=True)
class FormField:
    """One setting.

    Parameters
    ----------
    name
        Name in the model.
    kind
        What it holds.
    description
        What it means.
    default
        Value where nothing is set; None for one that follows from something else.
    choices
        Values of a `choice`.
    low, high
        Limits of a number, None without.
    optional
        Whether it may be left unset.
    only_for
        Recipes that know it; empty: all do.
    """

    name: str
    kind: Kind
    description: str
    default: Any
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    optional: bool = False
    only_for: tuple[str, ...] = ()

    def belongs_to(self, recipe: str) -> bool:
        """Whether a recipe knows it."""
        return not self.only_for or recipe in self.only_for

    @property
    def words(self) -> str:
        """Name as a person reads it."""
        return self.name.replace("_", " ").capitalize()


def form_fields(schema: Mapping[str, Any], without: Collection[str] = ()) -> list[FormField]:
    """Read the fields of a pydantic model's JSON schema.

    Fields that hold other models, lists or tables have no line of their own and are left out.

    Parameters
    ----------
    schema
        What ``Model.model_json_schema()`` gives.
    without
        Names that are shown elsewhere.
    """
    found = []
    for name, entry in schema.get("properties", {}).items():
        field = None if name in without else _field(name, entry)
        if field is not None:
            found.append(field)
    return found


def _field(name: str, entry: Mapping[str, Any]) -> FormField | None:
    kinds = entry.get("anyOf", [entry])
    plain = [one for one in kinds if one.get("type") != "null"]
    if len(plain) != 1:
        return None
    of = plain[0]
    values = tuple(of["enum"]) if "enum" in of else (of["const"],) if "const" in of else ()
    kind = "choice" if values else _KINDS.get(str(of.get("type")))
    if kind is None:
        return None
    return FormField(
        name,
        kind,
        str(entry.get("description", "")),
        entry.get("default"),
        values,
        _limit(of, "minimum", "exclusiveMinimum", kind, 1),
        _limit(of, "maximum", "exclusiveMaximum", kind, -1),
        optional=len(plain) < len(kinds),
        only_for=tuple(entry.get("only_for", ())),
    )


def _limit(
    of: Mapping[str, Any], inclusive: str, exclusive: str, kind: Kind, inwards: int
) -> float | None:
    if inclusive in of:
        return float(of[inclusive])
    if exclusive in of:
        return float(of[exclusive]) + (inwards if kind == "whole" else inwards * 1e-3)
    return None
