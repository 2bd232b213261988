"""What the docks of one viewer share: model, images or cohort, current case, who clicks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary, WeakSet

from psygnal import Signal

from napari_medssl.person import keep_initials, read_initials, tidy

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_medssl.engine import Where
    from napari_medssl.open_layers import Owner


class Stage(Protocol):
    """The dock that shows the current case in the viewer."""

    @property
    def shown(self) -> str | None:
        """Key of the case whose image is seen; None while it is being read."""

    def correct(self, landmark: str) -> None:
        """Let the next click place this landmark in the current case."""


class Shared:
    """State that every dock of a viewer sees.

    Attributes
    ----------
    model
        Model folder that a person chose to use; None before any was. A dock that is opened later
        takes it over.
    landmark_model
        What landmarks are found with: ``"instant"`` or a model folder.
    images
        Images or cohort folder that is worked on in the viewer; None without.
    case
        Key of the current case; None without.
    initials
        Who clicks; empty if nobody said.
    stage
        The dock that shows the current case; None if only the Cohort dock is there.
    stand_in
        Who shows the current case while there is no stage; None if nobody does.
    gallery_seen
        Whether a person sees the gallery of the Cohort dock.
    owners
        Docks' own layers.

    Signals
    -------
    written
        Who has changed the cohort, so that the others look again.
    cases_changed
        The open cohort has other cases than before.
    shown_changed
        The image of another case is seen.
    """

    model_changed = Signal(object)
    landmark_model_changed = Signal()
    images_changed = Signal()
    case_changed = Signal()
    initials_changed = Signal(str)
    stage_changed = Signal()
    shown_changed = Signal()
    gallery_changed = Signal()
    written = Signal(object)
    cases_changed = Signal()

    def __init__(self) -> None:
        self.model: Path | None = None
        self.landmark_model: str | Path = "instant"
        self.images: Where | None = None
        self.case: str | None = None
        self.initials = read_initials()
        self.stage: Stage | None = None
        self.gallery_seen = False
        self._stand_ins: list[object] = []
        self.owners: WeakSet[Owner] = WeakSet()
        self._users: set[int] = set()

    def use_model(self, model: Path) -> None:
        """Let every dock use a model."""
        self.model = model
        self.find_landmarks_with(model)
        self.model_changed.emit(model)

    def find_landmarks_with(self, model: str | Path) -> None:
        """Tell what landmarks are found with."""
        if model != self.landmark_model:
            self.landmark_model = model
            self.landmark_model_changed.emit()

    def show_images(self, where: Where | None) -> None:
        """Tell which images are worked on."""
        if where != self.images:
            self.images, self.case = where, None
            self.images_changed.emit()

    def show_case(self, key: str | None) -> None:
        """Tell which case is looked at."""
        if key != self.case:
            self.case = key
            self.case_changed.emit()

    def set_initials(self, initials: str) -> None:
        """Say who clicks from now on."""
        if tidy(initials) != self.initials:
            self.initials = tidy(initials)
            keep_initials(self.initials)
            self.initials_changed.emit(self.initials)

    def set_stage(self, stage: Stage | None) -> None:
        """Tell which dock shows the current case."""
        if stage is not self.stage:
            self.stage = stage
            self.stage_changed.emit()

    @property
    def stand_in(self) -> object | None:
        """Who shows the current case while there is no stage: the first that offered to."""
        return self._stand_ins[0] if self._stand_ins else None

    def offer_to_show(self, who: object) -> None:
        """Offer to show the current case while no stage does."""
        self._stand_ins.append(who)

    def offer_no_more(self, who: object) -> None:
        """Take the offer back; the next one is asked."""
        self._stand_ins.remove(who)
        self.stage_changed.emit()

    def see_gallery(self, seen: bool) -> None:
        """Tell whether a person sees the gallery of the Cohort dock."""
        if seen != self.gallery_seen:
            self.gallery_seen = seen
            self.gallery_changed.emit()

    def join(self, dock: object) -> None:
        """Take part: what is open stays open while a dock works on it."""
        self._users.add(id(dock))

    def leave(self, dock: object) -> None:
        """Take part no longer; the last one closes what is open."""
        self._users.discard(id(dock))
        if not self._users:
            self.show_images(None)

    def owns(self, layer: Layer) -> bool:
        """Whether a layer is one that a dock made."""
        return any(owner.owns(layer) for owner in self.owners)


_SHARED: WeakKeyDictionary[Viewer, Shared] = WeakKeyDictionary()


def shared_state(viewer: Viewer) -> Shared:
    """Give what the docks of a viewer share."""
    if viewer not in _SHARED:
        _SHARED[viewer] = Shared()
    return _SHARED[viewer]
