"""How the Landmarks dock and the other docks of a viewer show the same images and case."""

from __future__ import annotations

from collections.abc import Callable

from napari_medssl.session import Session
from napari_medssl.shared import Shared


class Following:
    """Keeps a session and what the docks share in step, both ways.

    Parameters
    ----------
    session
        State of the dock.
    shared
        What the docks of the viewer share.
    place
        Lets the next click place the current landmark.
    """

    def __init__(self, session: Session, shared: Shared, place: Callable[[], None]) -> None:
        self._session, self._shared, self._place = session, shared, place
        self._seen = session.where
        self._ties = (
            (shared.model_changed, session.set_model),
            (shared.initials_changed, self._set_author),
            (shared.images_changed, self._follow_images),
            (shared.case_changed, self._follow_case),
            (shared.cases_changed, self._follow_cases),
            (shared.written, self._follow_writing),
            (session.images_changed, self._tell_images),
            (session.case_changed, self._tell_case),
            (session.image_changed, shared.shown_changed.emit),
            (session.written, self._tell_written),
        )
        for signal, slot in self._ties:
            signal.connect(slot)
        shared.join(self)
        shared.set_stage(self)
        self._set_author(shared.initials)
        if shared.model is not None:
            session.set_model(shared.model)
        case = shared.case
        self._follow_images()
        if case is not None:
            session.go_to(case)

    def end(self) -> None:
        """Follow no longer."""
        for signal, slot in self._ties:
            signal.disconnect(slot)
        if self._shared.stage is self:
            self._shared.set_stage(None)
        self._shared.leave(self)

    @property
    def shown(self) -> str | None:
        """Key of the case whose image is seen."""
        session = self._session
        return None if session.case is None or session.image is None else session.case.key

    def correct(self, landmark: str) -> None:
        """Let the next click place this landmark in the current image."""
        self._session.select_landmark(landmark)
        if self._session.landmark == landmark:
            self._place()

    def _tell_images(self) -> None:
        if self._session.where != self._seen:
            self._seen = self._session.where
            self._shared.show_images(self._seen)

    def _tell_case(self) -> None:
        case = self._session.case
        if case is not None and self._session.where == self._shared.images:
            self._shared.show_case(case.key)

    def _tell_written(self) -> None:
        self._shared.written.emit(self._session)

    def _set_author(self, initials: str) -> None:
        self._session.author = initials or None

    def _follow_images(self) -> None:
        where = self._shared.images
        if where is not None and where != self._session.where:
            self._session.open_images(where)

    def _follow_cases(self) -> None:
        where = self._session.where
        if where is not None and where == self._shared.images:
            self._session.open_images(where)

    def _follow_case(self) -> None:
        if self._shared.case is not None:
            self._session.go_to(self._shared.case)

    def _follow_writing(self, who: object) -> None:
        if who is not self._session:
            self._session.reload()
