"""How the command line runs a comparison of pretrainings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from medssl.cli.bars import working
from medssl.cli.images import find_images
from medssl.cli.output import print_json, say, write_json
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.evaluate.transfer import TransferRequest
    from medssl.io import ImageSource

QUICK_MINUTES, MINUTES = 2.5, 8.0


class Given(NamedTuple):
    """Where images and answers are, as the command line gave it."""

    images: list[Path]
    targets: Path
    folder: Path
    label: list[str] | None
    structures: str | None
    groups: Path | None


def compare(
    evaluate: Callable[..., dict[str, Any]],
    show: Callable[[dict[str, Any]], None],
    given: Given,
    json: Path | None,
    **asked: Any,
) -> None:
    """Run a comparison, tell its notes, and show or write its result.

    Parameters
    ----------
    evaluate
        `medssl.evaluate.transfer.evaluate_transfer` or `evaluate_reuse`.
    show
        Prints the result as a table.
    given
        Images and answers.
    json
        Where the result is written; ``-`` for stdout, and nothing else there.
    asked
        Of the request: see `comparison_request`.
    """
    from medssl.transfer import parse_structures

    check_targets(given.targets, given.label, given.structures)
    listing = find_images(given.images)
    request = comparison_request(volumes=are_volumes(listing.sources), **asked)
    with working("Comparing") as report:
        result = evaluate(
            listing,
            given.targets,
            given.folder,
            request,
            columns=given.label or ("label",),
            structures=parse_structures(given.structures) if given.structures else None,
            groups=read_groups(given.groups, listing.sources),
            progress=report,
        )
    for note in result["notes"]:
        say(note)
    if str(json) == "-":
        print_json(result)
        return
    if json is not None:
        write_json(json, result)
    show(result)


def comparison_request(
    methods: str | None, models: list[str] | None, volumes: bool, **values: Any
) -> TransferRequest:
    """Build the request of a comparison from what the command line gave."""
    from medssl.evaluate.transfer import default_methods, make_transfer_request

    chosen = default_methods(volumes)
    if methods is not None:
        chosen = tuple(dict.fromkeys(part.strip() for part in methods.split(",")))
    named: dict[str, str] = {}
    for text in models or ():
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise SettingsError(f"--model {text!r} is not of the form NAME=DIR")
        if name in named:
            raise SettingsError(f"--model: two models have the name {name!r}")
        named[name] = path
    request = make_transfer_request(methods=chosen, models=named, **values)
    _check_starts(request)
    return request


def _check_starts(request: TransferRequest) -> None:
    """Refuse unknown recipes and models before the first training, not after it."""
    from medssl.evaluate.transfer.request import RANDOM, split_method
    from medssl.models import load_model
    from medssl.pretrain import make_settings

    for name in request.methods:
        if name != RANDOM:
            make_settings(**split_method(name))
    for path in request.models.values():
        load_model(path)


def check_targets(targets: Path, label: list[str] | None, structures: str | None) -> None:
    """Refuse options that would do nothing for these targets.

    Raises
    ------
    SettingsError
        If columns are named of a folder of masks, or structures of a table.
    """
    if targets.is_dir() and label:
        raise SettingsError(f"--label names columns of a table; {targets} is a folder of masks")
    if structures and not targets.is_dir():
        raise SettingsError(f"--structures is for a folder of masks; {targets} is none")


def pretrain_minutes(minutes: float | None, steps: int | None, quick: bool) -> float | None:
    """Return the length of each pretraining, where it is not given in steps."""
    if minutes is not None or steps is not None:
        return minutes
    return QUICK_MINUTES if quick else MINUTES


def are_volumes(sources: Sequence[ImageSource]) -> bool:
    """Tell whether the images are volumes."""
    from medssl.embed.dimension import choose_ndim

    return choose_ndim(sources) == 3


def read_groups(path: Path | None, sources: Sequence[ImageSource]) -> dict[str, str] | None:
    """Read which images belong together, by their keys."""
    from medssl.io.naming import find_named
    from medssl.io.tables import table_rows

    if path is None:
        return None
    found = {}
    for _, row in table_rows(path, ("image", "group")):
        source = find_named(row["image"], sources, path)
        if source is not None and row["group"]:
            found[source.key] = row["group"]
    return found
