"""Finding the landmarks in all images, as soon as these are prepared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_medssl.engine import Ready
from napari_medssl.points import PointState, from_found
from napari_medssl.session.browsing import Browsing
from napari_medssl.session.status import and_words, image_words, note_words

if TYPE_CHECKING:
    from medssl.landmarks import FoundPoint


class Finding(Browsing):
    """Prepares the images with the model, then finds what is wanted in the order it came."""

    def find_all(self) -> None:
        """Find every landmark that was clicked, in all images, also where it was rejected."""
        wanted = [name for name in self.landmarks if self.has_examples(name)]
        if any(landmark in wanted for _, landmark in self._rejected):
            self._rejected = {key for key in self._rejected if key[1] not in wanted}
            self._save(lambda: self._store.search_anew(wanted))
        self._want(wanted)

    def set_find_at_once(self, on: bool) -> None:
        """Look for a landmark after each click, or only when asked."""
        self.find_at_once = on

    def _prepare(self) -> None:
        listing, model, device = self._listing, self.model, self.device
        if listing is None:
            return
        self._preparing = True
        self._say("busy", "Preparing the images")

        def prepared(ready: Ready) -> None:
            self._preparing = False
            self._adopt_ready(ready)

        def failed(error: BaseException) -> None:
            self._preparing = False
            self._failed(error)

        self._work.submit(
            lambda p: self._engine.get_ready(listing, model, device, p), prepared, failed
        )

    def _adopt_ready(self, ready: Ready) -> None:
        self.ready, self.problems = ready, tuple(ready.problems)
        self._cases = {c.key: c for c in ready.cases}
        current = self.case
        self.sources = tuple(s for s in self.sources if s.key in self._cases)
        keys = [s.key for s in self.sources]
        kept = current is not None and current.key in self._cases
        self.index = keys.index(current.key) if kept and current is not None else 0
        self._keep_cases(ready)
        self.images_changed.emit()
        if not kept:
            self._enter_case()
        known = [name for name in self.landmarks if self.has_examples(name)]
        self._want(known)
        if not known and self.case is not None:
            self._expect_click(self.case.key)
        else:
            self._say_ready()

    def _keep_cases(self, ready: Ready) -> None:
        """Write the images into the cohort, and take over the names to show."""
        listed = {} if self._listing is None else {s.key: s for s in self._listing.sources}
        named: dict[str, str] = {}

        def add() -> None:
            named.update(self._store.add_cases(ready.cases, listed))

        self._save(add)
        self._run(self._disk, lambda _: dict(named), self._adopt_names)

    def _adopt_names(self, names: Mapping[str, str]) -> None:
        """Show images under their stored names, where their own would tell who the patient is."""
        self.names = {key: name for key, name in names.items() if name != key}
        if any(s.name != self.names.get(s.key, s.name) for s in self.sources):
            self.sources = tuple(
                replace(s, name=self.names.get(s.key, s.name)) for s in self.sources
            )
            self.images_changed.emit()

    def _expect_click(self, case_key: str) -> None:
        """Get ready for the first click; one that comes meanwhile waits for it."""
        self._run(
            self._work,
            lambda p: self._engine.expect_click(case_key, p),
            lambda _: self._say_ready(),
        )

    def _say_ready(self) -> None:
        left_out = len(self.problems)
        words = f"{image_words(len(self.sources))} ready"
        words += f" · {left_out} could not be used" if left_out else ""
        words += f" · {note_words(len(self.listing_notes))} below" if self.listing_notes else ""
        if self.trouble:
            self._say("error", f"{words}. {self.trouble}")
            return
        if not self.landmarks:
            words += ". Name a landmark, then click it once."
        elif self.kept_in is not None:
            words += "."
        if self.kept_in is not None:
            words += f" Clicks are kept in {self.kept_in}: the folder of the images is read-only."
        self._say("done", words)

    def _want(self, landmarks: Iterable[str]) -> None:
        self._wanted |= set(landmarks)
        if not self._wanted:
            return
        if self.ready is None:
            if not self._preparing:
                self._prepare()
            return
        if not self._finding:
            self._find()

    def _find(self) -> None:
        wanted = sorted(self._wanted & set(self.landmarks))
        self._wanted.clear()
        if not wanted:
            return
        templates = {name: self.templates(name) for name in self.landmarks}
        self._finding = True
        self._say("busy", f"Finding {and_words(wanted)} in all images")

        def done(found: Sequence[FoundPoint]) -> None:
            self._finding = False
            self._adopt_found(wanted, [from_found(f) for f in found])
            self._want([])
            if self._wanted:
                self._find()

        def failed(error: BaseException) -> None:
            self._finding = False
            self._failed(error)

        self._work.submit(lambda p: self._engine.find(wanted, templates, p), done, failed)

    def _adopt_found(self, landmarks: Iterable[str], found: list[PointState]) -> None:
        names = set(landmarks) & set(self.landmarks)
        kept = {
            k: p for k, p in self.points.items() if p.source != "predicted" or k[1] not in names
        }
        new = {(p.case_key, p.landmark): p for p in found if p.landmark in names}
        shown = {k: p for k, p in new.items() if k not in self._rejected}
        self.points = {**shown, **kept}
        model = self.ready.model if self.ready is not None else str(self.model)
        predicted = list(new.values())
        to_check = sum(p.needs_a_look for k, p in shown.items() if k not in kept)
        check = f" · {to_check} to check" if to_check else ""
        words = f"{and_words(sorted(names))} found in {image_words(len(self.sources))}{check}"
        self._save(lambda: self._store.set_predictions(names, predicted, model), words)
        self.points_changed.emit()
        self._refresh_similarity()
