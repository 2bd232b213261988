"""A protocol in the window: its landmarks, found from its own examples and from the clicks here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from napari_medssl.session.marking import Marking

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.protocols import Protocol

_Answer = TypeVar("_Answer")


class Protocols(Marking):
    """Applies a protocol to the open images, and remembers it with their cohort."""

    protocol_applied = Signal(object)

    def ask_cohort(
        self, task: Callable[[Cohort], _Answer], done: Callable[[_Answer], None]
    ) -> None:
        """Do something with the cohort in the disk's thread, after what waits to be written."""

        def work(_: object) -> _Answer:
            self._saver.write()
            return self._store.ask(task)

        self._run(self._disk, work, done)

    def apply_protocol(self, protocol: Protocol) -> None:
        """Find a protocol's landmarks in all images, and remember it with the cohort."""
        from medssl.protocols.applying import define_landmarks, remember_protocol

        def keep() -> None:
            self._store.ask(lambda cohort: define_landmarks(cohort, protocol))
            self._store.ask(lambda cohort: remember_protocol(cohort, protocol))

        self._use(protocol, keep)

    def recall_protocol(self) -> None:
        """Go on with the protocol that was applied to these images last, if it is still there."""
        from medssl.protocols.applying import last_protocol

        where = self.where

        def found(protocol: Protocol | None) -> None:
            if protocol is not None and where == self.where:
                self._use(protocol, None)

        if where is not None:  # what is wrong with the cohort, its opening has said
            self._disk.submit(lambda _: self._store.ask(last_protocol), found, lambda _: None)

    def forget_protocol(self) -> None:
        """Look for landmarks from the clicks in the open images alone."""
        self.protocol_landmarks = frozenset()
        self._run(self._work, lambda _: self._engine.use_protocol(None))

    def _use(self, protocol: Protocol, keep: Callable[[], None] | None) -> None:
        def used(_: None) -> None:
            names = [landmark.name for landmark in protocol.landmarks]
            if keep is not None:
                self.landmarks += [name for name in names if name not in self.landmarks]
                self._save(keep)
            self.protocol_landmarks = frozenset(names)
            if self.landmark is None:
                self.landmark = next((n for n in names if n in self.landmarks), None)
            if isinstance(protocol.model, Path):
                self.model = protocol.model
            self._landmarks_touched()
            self.protocol_applied.emit(protocol)
            self._restart()

        self._run(self._work, lambda _: self._engine.use_protocol(protocol), used)

    def _restart(self) -> None:
        self.ready = None
        self.state_changed.emit()
        if self._listing is not None:
            self._work.cancel()
            self._prepare()
