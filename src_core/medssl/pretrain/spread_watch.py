"""Embeddings that become the same for everything, recognised in the first tenth of a training."""

from __future__ import annotations

import math
from collections.abc import Mapping

from medssl.objectives.spread import COLLAPSED_BELOW

PATIENCE = 5
"""Events in a row before anything is said."""
LEAST_PATIENCE = 3
"""The same where a tenth of the steps is too short for five."""
RISES_BY = 1.5
"""How many times larger a spread has become that is on its way up."""
_COLLAPSED = {
    "spread": "the embedding has collapsed at step {done}: nearly all places have the same vector "
    "(spread {spread:.3f}, healthy is above 0.5). Use more varied images or a lower learning rate.",
    "image_spread": "what tells images apart has collapsed at step {done}: nearly all images have "
    "the same vector (spread {spread:.3f}, healthy is near 1). Use more varied images, a larger "
    "batch, a lower learning rate, or another recipe (dira-barlow).",
}
"""What is said of a spread that stays near 0; it is the channels' standard deviation times √E."""


class SpreadWatch:
    """Looks at the spread of what the net tells apart, and says once that it has collapsed.

    It has when it was below 0.1 in five events in a row. Whole images are alike in a net that has
    learned nothing yet: theirs is watched from a twentieth of the steps on, and one that rises
    is waited for. Up to the tenth of the steps as many events are enough as there are from the
    twentieth on, but three at least: so a collapse that is there from the start is said within the
    first tenth, if that has three steps.

    Parameters
    ----------
    steps
        Steps of the training.
    """

    def __init__(self, steps: int) -> None:
        self.tenth = steps // 10
        self.begin = max(1, min(math.ceil(steps / 20), self.tenth - LEAST_PATIENCE + 1))
        self._low: dict[str, list[float]] = {}
        self._said: set[str] = set()

    def see(self, done: int, metrics: Mapping[str, float]) -> list[str]:
        """Return what must be said after `done` steps, each thing once."""
        said = []
        for name, text in _COLLAPSED.items():
            whole_images = name == "image_spread"
            if name not in metrics or name in self._said:
                continue
            if whole_images and done < self.begin:
                continue
            low = self._low.setdefault(name, [])
            low.append(metrics[name])
            if low[-1] >= COLLAPSED_BELOW:
                low.clear()
            patience = self._patience(done) if whole_images else PATIENCE
            if len(low) < patience or (whole_images and _rises(low[-patience:])):
                continue
            self._said.add(name)
            said.append(text.format(done=done, spread=metrics[name]))
        return said

    def _patience(self, done: int) -> int:
        """Events in a row that are enough; up to 600 steps each step has one."""
        if done > max(self.tenth, LEAST_PATIENCE):
            return PATIENCE
        return max(LEAST_PATIENCE, min(PATIENCE, self.tenth - self.begin + 1))


def _rises(spreads: list[float]) -> bool:
    """Whether a low spread is on its way up, and not only uneven near 0."""
    return spreads[-1] > max(RISES_BY * spreads[0], COLLAPSED_BELOW / 4)
