"""Measurements as a person types them: ``width=distance(left, right)``."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from pydantic import ValidationError

from medssl.errors import SettingsError
from medssl.protocols.definition import COUNTS, MeasurementDefinition

_FORM = re.compile(r"\s*(?P<kind>\w+)\s*\((?P<inside>.*)\)\s*", re.DOTALL)
_EXAMPLES = "width=distance(a,b), bend=angle(a,b,c), angle(a,b,c,d) or ratio(a,b,c,d)"


def parse_measurement(text: str) -> MeasurementDefinition:
    """Read ``name=distance(a,b)``, ``angle(a,b,c)``, ``angle(a,b,c,d)`` or ``ratio(a,b,c,d)``.

    A landmark whose name holds a comma stands in double quotes.

    Raises
    ------
    SettingsError
        If it is none of these.
    """
    name, _, rest = text.partition("=")
    found = _FORM.fullmatch(rest)
    if not found or not name.strip() or found["kind"] not in COUNTS:
        raise SettingsError(f"{text!r} is no measurement. Write {_EXAMPLES}")
    try:
        (listed,) = csv.reader([found["inside"]], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise SettingsError(
            f"{text!r}: its landmarks cannot be told apart. Write {_EXAMPLES}"
        ) from error
    try:
        return make_measurement(name.strip(), found["kind"], [part.strip() for part in listed])
    except SettingsError as error:
        raise SettingsError(f"{error}. Write {_EXAMPLES}") from error


def make_measurement(name: str, kind: str, landmarks: Sequence[str]) -> MeasurementDefinition:
    """Make a measurement of its parts.

    Raises
    ------
    SettingsError
        If they do not fit together.
    """
    values = {"name": name, "kind": kind, "landmarks": tuple(landmarks)}
    try:
        return MeasurementDefinition.model_validate(values)
    except ValidationError as error:
        raise SettingsError(f"a measurement cannot be made: {plain_words(error)}") from error


def refuse_twice(measurements: Sequence[MeasurementDefinition]) -> None:
    """Refuse two measurements of one name.

    Raises
    ------
    SettingsError
        If there are.
    """
    names = [one.name for one in measurements]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(f"there is a measurement {twice[0]!r} already. Choose another name")


def plain_words(error: ValidationError) -> str:
    """Say in a few words what pydantic found first."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said
