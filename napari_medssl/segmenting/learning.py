"""Learn as a job: from painted masks, or masks of other images, in a process of its own."""

from __future__ import annotations

from pathlib import Path

from napari_medssl.segmenting.following import RANDOM, FollowingJob
from napari_medssl.segmenting.learn_job import start_learning
from napari_medssl.segmenting.shape_job import start_shape
from napari_medssl.segmenting.structures import INSTANT

_FEWEST_TO_COMPARE = 2


class Learning(FollowingJob):
    """Starts the job.

    Attributes
    ----------
    compare
        Whether a net that begins with nothing learns the same, to be compared.
    """

    compare = False

    @property
    def painted(self) -> int:
        """Images in which a person has painted the current organ."""
        return sum(one.source != "predicted" for one in self.review())

    @property
    def can_learn(self) -> bool:
        """Whether there is something to learn from, and no job at work."""
        return not self.learning and self.painted > 0

    @property
    def can_learn_shape(self) -> bool:
        """Whether there are images to find a shape in, and no job at work."""
        return not self.learning and bool(self.cases)

    @property
    def can_compare(self) -> bool:
        """Whether a comparison says anything: a pretrained net, and images to score it on."""
        return self.model != INSTANT and self.painted >= _FEWEST_TO_COMPARE

    def set_compare(self, compare: bool) -> None:
        """Compare with random initialisation, or not."""
        self.compare = compare

    def learn(self) -> None:
        """Start the job; its masks are stored when it ends. What a person painted stays."""
        if self.path is None or not self.can_learn:
            return
        both = self.compare and self.can_compare
        model = RANDOM if self.model == INSTANT else str(self.model)
        wanted = self._wanted(self.path, self.organs.current.name, model, both)
        self._begin(wanted, lambda: start_learning(wanted))

    def learn_shape(self, prior: Path) -> None:
        """Start a job that finds the organ from masks of other images; no image needs a mask."""
        if self.path is None or not self.can_learn_shape:
            return
        wanted = self._wanted(self.path, self.organs.current.name, RANDOM, both=False)
        self._begin(wanted, lambda: start_shape(wanted, prior))
