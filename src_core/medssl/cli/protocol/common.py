"""Arguments of the protocol's verbs, and what they tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.cohort.common import counted
from medssl.cli.output import say

if TYPE_CHECKING:
    from medssl.cohort import CaseRecord
    from medssl.protocols.measuring import Measured

    Table = Sequence[tuple[CaseRecord, Sequence[Measured]]]

ProtocolFolder = Annotated[
    Path,
    typer.Argument(metavar="NAME.protocol", help="Folder of a protocol.", show_default=False),
]
OverwriteFlag = Annotated[
    bool, typer.Option("--overwrite", help="Replace what is there under that name.")
]


def tell_measured(measured: Table) -> str:
    """Tell warnings on stderr, each once; give in words what was measured."""
    found = [one for _, ones in measured for one in ones]
    done = [one for one in found if one.found is not None]
    warnings = Counter(one.found.warning for one in done if one.found and one.found.warning)
    for warning, count in warnings.items():
        say(f"{counted(count, 'length')} {warning}")
    lacking = len(found) - len(done)
    rest = f", {lacking} could not be made" if lacking else ""
    return f"{counted(len(done), 'measurement')} in {counted(len(measured), 'case')}{rest}"


def measured_values(measured: Table) -> list[dict[str, Any]]:
    """Give measurements as plain values."""
    return [
        {
            "image": case.name,
            "name": one.definition.name,
            "definition": one.definition.text,
            "value": one.found.value if one.found else None,
            "unit": one.found.unit if one.found else None,
            "uncertainty": one.found.uncertainty if one.found else None,
            "warning": one.found.warning if one.found else "",
            "confidence": one.confidence,
            "by_person": one.by_person,
            "problem": one.problem,
        }
        for case, ones in measured
        for one in ones
    ]
