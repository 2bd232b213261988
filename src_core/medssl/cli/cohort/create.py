"""``medssl cohort create``: a new cohort, with its first images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.cohort.common import (
    CopyFlag,
    SomeImages,
    add_and_tell,
    counted,
    described,
    show,
)
from medssl.cli.output import JsonFlag, print_json
from medssl.errors import FileRefusedError, SettingsError


def create(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT", help="Where; .medssl is added to the name.", show_default=False
        ),
    ],
    images: SomeImages = None,
    copy: CopyFlag = False,
    json: JsonFlag = False,
) -> None:
    """Make a cohort, and add images to it."""
    from medssl.cohort import Cohort

    if copy and not images:
        raise SettingsError("--copy changes nothing without IMAGES. Name the images to add")
    for path in images or ():
        if not path.exists():
            raise FileRefusedError(path, "there is no such file or folder", "Check the path.")
    with Cohort.create(folder) as cohort:
        added = add_and_tell(cohort, images, copy) if images else None
        count = len(cohort.cases())
        if json:
            print_json({"cohort": cohort.path, **(described(added) if added else {})})
            return
        show(f"{cohort.path}: {counted(count, 'case')}")
