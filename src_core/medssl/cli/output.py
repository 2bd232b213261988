"""Where the command line writes: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from medssl.errors import StorageError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

JsonFlag = Annotated[
    bool, typer.Option("--json", help="Print the result as one JSON object, and nothing else.")
]


def say(message: str) -> None:
    """Tell the person something on stderr."""
    err.print(message, markup=False, soft_wrap=True)


def to_json(value: Any) -> str:
    """JSON text of plain values; numbers that JSON has no word for become null."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


def print_json(value: Any) -> None:
    """Write a result to stdout as JSON."""
    out.file.write(to_json(value) + "\n")


def write_json(path: Path, value: Any) -> None:
    """Write a result to a file as JSON.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_json(value) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written ({error.strerror}). Name another file"
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # numpy, without importing it
        return _plain(value.tolist())
    return value
