"""What a person says of whole images: one key each, written at once, undone like all else."""

from __future__ import annotations

from collections import Counter

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.lesions.classes import FIRST, LABEL, MOST
from napari_medssl.lesions.order import most_unsure


class Labelling(CohortBrowser):
    """Labels the cases of the open cohort.

    Attributes
    ----------
    go_on
        Whether a label leads to the next case at once.
    """

    go_on = False

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of their keys; the first is without lesion."""
        return FIRST if self.contents is None else self.contents.classes

    @property
    def label(self) -> str | None:
        """Label of the current case."""
        return None if self.case is None else self.case.labels.get(LABEL)

    def label_counts(self) -> Counter[str]:
        """Count the labelled cases of each class."""
        return Counter(case.labels[LABEL] for case in self.cases if LABEL in case.labels)

    def set_label(self, number: int) -> None:
        """Say that the current case is of the class with this number, from 1."""
        case, author = self.case, self.author
        if case is None or not 1 <= number <= len(self.classes):
            return
        value = self.classes[number - 1]
        following = self._next_unlabelled() if self.go_on else None
        self._write(
            lambda: self._desk.set_label(case.key, value, author), f"{case.name} is {value}"
        )
        if following is not None:
            self.go_to(following)

    def clear_label(self) -> None:
        """Take the label of the current case away."""
        case = self.case
        if case is not None and LABEL in case.labels:
            self._write(lambda: self._clear(case.key), f"{case.name} has no label")

    def _clear(self, key: str) -> None:
        self._desk.clear_label(key)

    def add_class(self, name: str) -> bool:
        """Add a class; False where there is one of that name or no key is left."""
        name = name.strip()
        if not name or self.contents is None:
            return False
        if name in self.classes:
            self._say("error", f"There is a class {name} already. Give another name.")
            return False
        if len(self.classes) >= MOST:
            self._say("error", f"There are {MOST} classes, one a key. Rename one of them.")
            return False
        self._write(lambda: self._desk.add_class(name), f"{name} added")
        return True

    def rename_class(self, number: int, name: str) -> bool:
        """Call a class by another name, in all labels; False where that cannot be."""
        name, old = name.strip(), self.classes[number - 1]
        if not name or name == old:
            return False
        if name in self.classes:
            self._say("error", f"There is a class {name} already. Give another name.")
            return False
        author = self.author
        self._write(lambda: self._desk.rename_class(old, name, author), f"{old} is called {name}")
        return True

    def next_unsure(self) -> None:
        """Open the case without a label that is the most unsure."""
        key = self._next_unlabelled()
        if key is not None:
            self.go_to(key)
        elif self.cases:
            left = self.case is not None and self.label is None
            words = "Only this image has no label" if left else "All images are labelled"
            self._say("done", words)

    def _next_unlabelled(self) -> str | None:
        labelled = {case.key for case in self.cases if LABEL in case.labels}
        keys = [case.key for case in self.cases]
        return most_unsure(keys, labelled, self.scores, self.key)
