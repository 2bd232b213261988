"""Which image a table means by a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medssl.errors import FileRefusedError
from medssl.io.sources import ImageSource


def find_named(name: str, sources: Sequence[ImageSource], path: Path) -> ImageSource | None:
    """Find the image that a table names by key (path relative to the folder) or file name.

    Parameters
    ----------
    name
        What the table says.
    sources
        The images.
    path
        The table, for the error.

    Raises
    ------
    FileRefusedError
        If the name fits several images.
    """
    exact = [source for source in sources if source.key == name]
    fitting = exact or [source for source in sources if source.path.name == name]
    if len(fitting) > 1:
        raise FileRefusedError(
            path,
            f"{name} fits several images ({', '.join(source.key for source in fitting[:3])})",
            "Write the path relative to the folder, or give the folder with the images only.",
        )
    return fitting[0] if fitting else None
