"""``medssl protocol show``: what a protocol holds."""

from __future__ import annotations

from rich.table import Table

from medssl.cli.cohort.common import counted
from medssl.cli.cohort.common import show as show_line
from medssl.cli.output import JsonFlag, out, print_json
from medssl.cli.protocol.common import ProtocolFolder


def show(folder: ProtocolFolder, json: JsonFlag = False) -> None:
    """Show the landmarks, measurements and templates of a protocol."""
    from medssl.protocols import open_protocol

    protocol = open_protocol(folder)
    made = protocol.definition
    if json:
        print_json({"protocol": protocol.folder, **made.model_dump()})
        return
    count = counted(len(made.templates), "template image")
    show_line(f"{made.name}: {count}, model {made.model_name}, made {made.made[:10]}")
    table = Table(box=None)
    for title in ("landmark", "side", "examples", "what it is"):
        table.add_column(title, justify="right" if title == "examples" else "left")
    for one in made.landmarks:
        examples = sum(one.name in template.points for template in made.templates)
        table.add_row(one.name, one.side or "", str(examples), one.text)
    out.print(table)
    for measurement in made.measurements:
        show_line(f"{measurement.name} = {measurement.text}")
