"""Labels of whole images, from a table: one class, or several findings of yes and no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError
from medssl.io.naming import find_named
from medssl.io.sources import ImageSource
from medssl.io.tables import table_rows

_YES_NO = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1, "no": 0, "yes": 1}


@dataclass(frozen=True)
class Labels:
    """What is known of whole images.

    Parameters
    ----------
    names
        The classes in alphabetical order; of several findings their names.
    exclusive
        Whether an image has exactly one of them; False: each is a finding of its own.
    targets
        By key of the image: ``(names,)``, 1 for what it has, 0 else.
    groups
        By key: what belongs together (patient), where the table says so.
    notes
        What a person should know of the table.
    """

    names: tuple[str, ...]
    exclusive: bool
    targets: dict[str, NDArray[np.float32]]
    groups: dict[str, str]
    notes: tuple[str, ...] = ()

    def strata(self) -> dict[str, tuple[str, ...]]:
        """Return the images of each class; of findings those with it, and those with none."""
        keys: dict[str, list[str]] = {name: [] for name in self.names}
        if not self.exclusive:
            keys["none"] = []
        for key, target in self.targets.items():
            present = [name for name, one in zip(self.names, target, strict=True) if one]
            for name in present or ["none"]:
                keys[name].append(key)
        return {name: tuple(sorted(members)) for name, members in keys.items() if members}


def read_labels(
    path: str | Path, sources: Sequence[ImageSource], columns: Sequence[str] = ("label",)
) -> Labels:
    """Read a table with the column ``image`` first, and one or several columns of labels.

    One column holds the name of a class, or 0 and 1 of a finding; several hold 0 and 1 each. An
    empty field means that nothing is known; such an image has no label. A column ``group`` says
    what belongs together.

    Raises
    ------
    FileRefusedError
        If a column is missing, an image has two labels, findings are not 0 and 1, no image of the
        table is among `sources`, or all have the same label.
    """
    path = Path(path)
    wanted = [column.strip().lower() for column in columns]
    texts: dict[str, tuple[str, ...]] = {}
    groups: dict[str, str] = {}
    absent: list[str] = []
    for line, row in table_rows(path, ("image", *wanted)):
        source = find_named(row["image"], sources, path)
        if source is None:
            absent.append(row["image"])
            continue
        values = tuple(row[column] for column in wanted)
        if row.get("group"):
            groups[source.key] = row["group"]
        if not all(values):
            continue
        if texts.setdefault(source.key, values) != values:
            raise FileRefusedError(
                path,
                f"line {line}: {row['image']} is {', '.join(values)} here and "
                f"{', '.join(texts[source.key])} in a line before",
                "Keep one of the lines.",
            )
    if not texts:
        found = f"none of its {len(absent)} images is" if absent else "it labels no image that is"
        raise FileRefusedError(
            path,
            f"{found} among the {len(sources)} images given",
            "The column image holds file names, or paths relative to the folder of the images.",
        )
    names, exclusive, targets = _targets(path, wanted, texts)
    return Labels(names, exclusive, targets, groups, _notes(path, texts, absent, len(sources)))


def parse_yes_no(text: str) -> int | None:
    """Return 1 for ``1``, ``yes``, ``true``, 0 for their opposites, None for anything else.

    Examples
    --------
    >>> parse_yes_no("Yes"), parse_yes_no("0"), parse_yes_no("benign")
    (1, 0, None)
    """
    return _YES_NO.get(text.lower())


def _targets(
    path: Path, columns: Sequence[str], texts: dict[str, tuple[str, ...]]
) -> tuple[tuple[str, ...], bool, dict[str, NDArray[np.float32]]]:
    if len(columns) == 1:
        counts = Counter(values[0] for values in texts.values())
        if len(counts) < 2:
            raise FileRefusedError(
                path,
                f"all {len(texts)} images have the {columns[0]} {next(iter(counts))!r}",
                "There must be images of at least two classes.",
            )
        names = tuple(sorted(counts))
        one_hot = np.eye(len(names), dtype=np.float32)
        chosen = {key: one_hot[names.index(values[0])] for key, values in texts.items()}
        return names, True, chosen
    targets = {}
    for key, values in texts.items():
        known = [parse_yes_no(value) for value in values]
        if None in known:
            wrong = columns[known.index(None)]
            raise FileRefusedError(
                path,
                f"{key}: the finding {wrong} is {values[known.index(None)]!r}",
                "Findings are 0 or 1; a column with names of classes is given alone.",
            )
        targets[key] = np.array(known, np.float32)
    alike = [
        name
        for index, name in enumerate(columns)
        if len({float(target[index]) for target in targets.values()}) < 2
    ]
    if alike:
        raise FileRefusedError(
            path,
            f"the finding {alike[0]} is the same in all {len(targets)} images",
            "Leave that column out, or add images with and without it.",
        )
    return tuple(columns), False, targets


def _notes(
    path: Path, texts: dict[str, tuple[str, ...]], absent: Sequence[str], images: int
) -> tuple[str, ...]:
    notes = []
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        notes.append(f"{path.name} names {', '.join(absent[:3])}{more}: not among the images")
    if images > len(texts):
        notes.append(f"{images - len(texts)} of {images} images have no label in {path.name}")
    return tuple(notes)
