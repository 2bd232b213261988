"""How the Segmentation dock and the other docks of a viewer show the same images and case."""

from __future__ import annotations

from collections.abc import Callable

from napari_medssl.segmenting import Segmenter
from napari_medssl.session.status import Status
from napari_medssl.shared import Shared
from napari_medssl.widgets.in_step import InStep
from napari_medssl.widgets.segmentation.canvas import SegmentCanvas


class Following(InStep):
    """Keeps the segmenter in step; shows the image where no dock of landmarks does.

    Parameters
    ----------
    state
        State of the dock.
    shared
        What the docks of the viewer share.
    canvas
        The dock's layers.
    say
        Tells a person something at the foot of the dock.
    """

    def __init__(
        self,
        state: Segmenter,
        shared: Shared,
        canvas: SegmentCanvas,
        say: Callable[[Status], None],
    ) -> None:
        self._state, self._say = state, say
        ties = (
            (shared.model_changed, state.set_model),
            (shared.cases_changed, state.reload),
            (state.image_changed, self._tell_shown),
        )
        super().__init__(state, shared, canvas, ties)
        shared.owners.add(canvas)
        if shared.model is not None:
            state.set_model(shared.model)
        case = shared.case
        self._follow_stage()
        self._follow_images()
        if case is not None and state.where == shared.images:
            state.go_to(case)

    def end(self) -> None:
        """Follow no longer."""
        super().end()
        if self._shared.stage is self:
            self._shared.set_stage(None)

    @property
    def shown(self) -> str | None:
        """Key of the case whose image is seen."""
        return self._state.key if self._state.image is not None else None

    def correct(self, landmark: str) -> None:
        """Say where landmarks are placed: here they are not."""
        words = f"To place {landmark}, open the Landmarks dock: this one works on masks."
        self._say(Status("info", words))

    def _follow_stage(self) -> None:
        if self._shared.stage is None:
            self._shared.set_stage(self)  # tells this again
        self._browser.set_showing(self._shared.stage is self)

    def _tell_shown(self) -> None:
        if self._shared.stage is self:
            self._shared.shown_changed.emit()
