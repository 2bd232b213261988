"""Which images are normal and which show a lesion, from a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError
from medssl.io.sources import ImageSource
from medssl.transfer.labels import Labels, parse_yes_no, read_labels

LESION = "lesion"
"""Name of the question that is always asked: any lesion, against none."""
NORMAL = "normal"


@dataclass(frozen=True)
class LesionLabels:
    """What is known of whole images.

    Parameters
    ----------
    questions
        What is asked of each image: ``lesion``, and where there are several classes or findings,
        each of them.
    classes
        Each class or finding, with the number of its question; a single one is the question
        ``lesion`` itself.
    targets
        By key of the image: ``(questions,)``, 1 for yes.
    kinds
        By key: its class, its findings with ``+`` between them, or ``normal``.
    groups
        By key: what belongs together (patient), where the table says so.
    notes
        What a person should know of the table.
    """

    questions: tuple[str, ...]
    classes: dict[str, int]
    targets: dict[str, NDArray[np.float32]]
    kinds: dict[str, str]
    groups: dict[str, str]
    notes: tuple[str, ...] = ()

    def strata(self) -> dict[str, tuple[str, ...]]:
        """Return the images of each kind."""
        found: dict[str, list[str]] = {}
        for key, kind in self.kinds.items():
            found.setdefault(kind, []).append(key)
        return {kind: tuple(sorted(found[kind])) for kind in sorted(found)}

    def only(self, keys: Sequence[str]) -> LesionLabels:
        """Forget the labels of all other images."""
        known = [key for key in keys if key in self.targets]
        return LesionLabels(
            self.questions,
            self.classes,
            {key: self.targets[key] for key in known},
            {key: self.kinds[key] for key in known},
            self.groups,
            self.notes,
        )

    def stacked(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Return the targets of images: ``(N, questions)``."""
        return np.stack([self.targets[key] for key in keys])


def read_lesion_labels(
    path: str | Path,
    sources: Sequence[ImageSource],
    columns: Sequence[str] = ("label",),
    normal: str = NORMAL,
) -> LesionLabels:
    """Read a table with the column ``image`` first, and one or several columns of labels.

    One column holds the name of a class, one of which is that of images without lesion, or 0 and
    1 of a finding; several hold 0 and 1 each. An image with an empty field has no label.

    Parameters
    ----------
    path
        The table.
    sources
        The images.
    columns
        Of the classes or findings.
    normal
        The class without lesion.

    Raises
    ------
    FileRefusedError
        If the table cannot be read as such, no class is `normal`, or no image is without finding.
    """
    path = Path(path)
    labels = read_labels(path, sources, columns)
    if labels.exclusive:
        return _of_classes(path, labels, columns[0].strip().lower(), normal)
    return _of_findings(path, labels)


def _of_classes(path: Path, labels: Labels, column: str, normal: str) -> LesionLabels:
    answers = {name: parse_yes_no(name) for name in labels.names}
    if normal not in labels.names and None not in answers.values():
        chosen = [bool(answers[name]) for name in labels.names]
        yes = {key: target[chosen].sum() for key, target in labels.targets.items()}
        if len(set(yes.values())) > 1:
            targets = {key: np.array([value], np.float32) for key, value in yes.items()}
            kinds = {key: column if value else NORMAL for key, value in yes.items()}
            return LesionLabels((LESION,), {column: 0}, targets, kinds, labels.groups, labels.notes)
    if normal not in labels.names:
        raise FileRefusedError(
            path,
            f"no image has the {column} {normal!r} (found: {', '.join(labels.names)})",
            "Name the class without lesion with --normal; it takes images of it to learn from.",
        )
    names = [name for name in labels.names if name != normal]
    if len(names) > 1 and LESION in names:
        raise FileRefusedError(
            path,
            f"one of several classes is called {LESION!r}, the name of all of them together",
            "Give that class another name.",
        )
    keep = [labels.names.index(name) for name in names]
    targets = {key: _asked(target[keep]) for key, target in labels.targets.items()}
    kinds = {key: labels.names[int(target.argmax())] for key, target in labels.targets.items()}
    return _together(names, targets, kinds, labels)


def _of_findings(path: Path, labels: Labels) -> LesionLabels:
    targets = {key: _asked(target) for key, target in labels.targets.items()}
    if all(target[0] for target in targets.values()):
        raise FileRefusedError(
            path,
            f"each of its {len(targets)} images has one of {', '.join(labels.names)}",
            "It takes images without any of them to learn from.",
        )
    kinds = {
        key: "+".join(name for name, one in zip(labels.names, target, strict=True) if one) or NORMAL
        for key, target in labels.targets.items()
    }
    return _together(list(labels.names), targets, kinds, labels)


def _asked(present: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put the question for any lesion before those for each; a single class is asked once."""
    anything = np.array([present.max()], np.float32)
    return anything if len(present) == 1 else np.concatenate([anything, present])


def _together(
    names: list[str], targets: dict[str, NDArray[np.float32]], kinds: dict[str, str], labels: Labels
) -> LesionLabels:
    several = len(names) > 1
    questions = (LESION, *names) if several else (LESION,)
    classes = {name: number + several for number, name in enumerate(names)}
    return LesionLabels(questions, classes, targets, kinds, labels.groups, labels.notes)
