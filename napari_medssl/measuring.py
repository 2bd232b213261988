"""What is measured in the current image, by a protocol or ahead of one. Knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from medssl.errors import MedsslError
from napari_medssl.session import Session, Status

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.io.landmarks import ExportPoint
    from medssl.protocols import MeasurementDefinition, Protocol
    from medssl.protocols.errors_seen import PointErrors
    from medssl.protocols.measuring import Measured
    from medssl.protocols.saving import Saved
    from napari_medssl.worker import Runner


class Measuring:
    """The measurements that are wanted, and what they are in the current image.

    Parameters
    ----------
    session
        Images, landmarks and points.
    display
        Reads headers.

    Attributes
    ----------
    protocol
        The protocol that was chosen or saved, None without one.
    wanted
        What is measured; a protocol's are written into its folder when they change.
    """

    changed = Signal()
    said = Signal(Status)

    def __init__(self, session: Session, display: Runner) -> None:
        self._session, self._display = session, display
        self.protocol: Protocol | None = None
        self.wanted: tuple[MeasurementDefinition, ...] = ()
        self._errors: PointErrors | None = None
        self._flags: dict[str, tuple[str, ...]] = {}
        self._asked: set[str] = set()
        self._where = session.where
        session.protocol_applied.connect(self._adopt)

    # --- what a person does

    def choose(self, folder: Path) -> None:
        """Take a protocol; its measurements show at once."""
        from medssl.protocols import open_protocol

        self._try(lambda: self._adopt(open_protocol(folder)))

    def apply(self) -> None:
        """Find the protocol's landmarks in all images."""
        if self.protocol is not None:
            self._session.apply_protocol(self.protocol)

    def save(self, folder: Path) -> None:
        """Save the landmarks that were placed, and the measurements, as a protocol."""
        from medssl.protocols.saving import save_protocol

        session, wanted = self._session, self.wanted
        sources = {source.key: source for source in session.sources}

        def write(cohort: Cohort) -> Saved:
            return save_protocol(
                cohort, folder, (), wanted, session.model, overwrite=True, sources=sources
            )

        def written(saved: Saved) -> None:
            self._adopt(saved.protocol)
            notes = "".join(f" {note}." for note in saved.notes)
            count = len(saved.protocol.landmarks)
            words = "1 landmark" if count == 1 else f"{count} landmarks"
            text = f"{words} saved in {saved.protocol.folder.name}.{notes}"
            self.said.emit(Status("done", text))

        session.ask_cohort(write, written)

    def add(self, name: str, kind: str, landmarks: tuple[str, ...]) -> bool:
        """Measure something more; False (and said) where it does not fit."""
        from medssl.protocols.grammar import make_measurement

        return self._try(
            lambda: self._want((*self.wanted, make_measurement(name, kind, landmarks)))
        )

    def remove(self, at: int) -> None:
        """Measure one thing less."""
        self._try(lambda: self._want(self.wanted[:at] + self.wanted[at + 1 :]))

    def rename_landmark(self, old: str, new: str) -> None:
        """Follow a landmark to its new name, where no protocol has fixed it."""
        if self.protocol is None:
            self.wanted = tuple(
                one.model_copy(
                    update={"landmarks": tuple(new if n == old else n for n in one.landmarks)}
                )
                for one in self.wanted
            )
            self.changed.emit()

    # --- what is shown

    def measured(self) -> list[Measured]:
        """Measure in the current image, with the points as they are."""
        image = self._session.image
        if image is None or not self.wanted:
            return []
        from medssl.protocols.errors_seen import PointErrors
        from medssl.protocols.measuring import measure_case, warning_of

        errors = self._errors or PointErrors()
        warning = warning_of(self._flags_here())
        return measure_case(self.wanted, self._points(), image.grid, errors, warning)

    def as_csv(self) -> str:
        """Give the measurements of the current image as the text of a CSV."""
        from medssl.protocols.table import as_csv, rows_of, table_rows

        case = self._session.case
        name = "" if case is None else case.name
        return as_csv([*table_rows([]), *rows_of(name, "", self.measured())])

    def follow(self) -> None:
        """Begin anew where other images were opened."""
        if self._session.where != self._where:
            self._where = self._session.where
            self.protocol, self.wanted, self._errors = None, (), None
            self._flags.clear()
            self._asked.clear()
            self.changed.emit()

    # --- inside

    def _adopt(self, protocol: Protocol) -> None:
        from medssl.protocols.errors_seen import look_at_errors

        self.protocol, self.wanted = protocol, protocol.measurements
        self.changed.emit()

        def look(cohort: Cohort) -> PointErrors:
            return look_at_errors(cohort, protocol.definition.errors)

        def seen(errors: PointErrors) -> None:
            self._errors = errors
            self.changed.emit()

        if self._session.where is not None:
            self._session.ask_cohort(look, seen)

    def _want(self, wanted: tuple[MeasurementDefinition, ...]) -> None:
        if self.protocol is not None:
            self.protocol = self.protocol.with_measurements(wanted)
        else:
            from medssl.protocols.grammar import refuse_twice

            refuse_twice(wanted)
        self.wanted = wanted
        self.changed.emit()

    def _try(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except MedsslError as error:
            self.said.emit(Status("error", str(error)))
            return False
        return True

    def _points(self) -> dict[str, ExportPoint]:
        from medssl.io.landmarks import ExportPoint

        image = self._session.image
        assert image is not None
        grid = image.grid
        return {
            p.landmark: ExportPoint(
                p.case_key,
                p.landmark,
                p.point_vox,
                tuple(grid.voxel_to_world(p.point_vox).tolist()),
                grid.unit,
                p.confidence,
                p.source,
            )
            for p in self._session.points_here()
        }

    def _flags_here(self) -> tuple[str, ...]:
        """Give the flags of the current image; its header is read once, in the background."""
        case = self._session.case
        if case is None:
            return ()
        if case.key not in self._asked:
            from medssl.io.dicom_flags import read_flags

            self._asked.add(case.key)

            def have(flags: tuple[str, ...]) -> None:
                self._flags[case.key] = flags
                if flags:
                    self.changed.emit()

            self._display.submit(lambda _: read_flags(case.files), have, lambda _: None)
        return self._flags.get(case.key, ())
