"""Steps from which nothing can be learned: skipped, counted, and at last too many."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from medssl.errors import SettingsError

MOST_IN_A_ROW = 10


class SkippedSteps:
    """Counts the steps whose loss or gradient was no finite number.

    Parameters
    ----------
    path
        The run folder, for what is said.
    total, in_a_row
        What was counted before.
    """

    def __init__(self, path: Path, total: int = 0, in_a_row: int = 0) -> None:
        self.path = path
        self.total = total
        self.in_a_row = in_a_row

    def see(self, done: int, taken: bool) -> str:
        """Take note of a step; returns what a person should know, said once a row.

        Raises
        ------
        SettingsError
            If too many in a row were skipped.
        """
        if taken:
            self.in_a_row = 0
            return ""
        self.total += 1
        self.in_a_row += 1
        if self.in_a_row >= MOST_IN_A_ROW:
            raise SettingsError(
                f"{self.path}: loss or gradient were no finite numbers in the last "
                f"{self.in_a_row} steps, up to step {done}; nothing was learned from them, and the "
                "last checkpoint is good. Start again with a lower learning rate or with "
                "precision float32."
            )
        if self.in_a_row > 1:
            return ""
        return (
            f"step {done} is skipped: its loss or gradient is no finite number "
            f"({self.total} so far; {MOST_IN_A_ROW} in a row end the run)"
        )


class KeptStatistics:
    """The running statistics of batch norm as they were before a step.

    Parameters
    ----------
    modules
        Whose batch norms a step changes.
    """

    def __init__(self, *modules: nn.Module) -> None:
        norms = [m for one in modules for m in one.modules() if isinstance(m, _BatchNorm)]
        self._live = [buffer for norm in norms for buffer in norm.buffers()]
        self._kept: list[Tensor] = [buffer.detach().clone() for buffer in self._live]

    @torch.no_grad()
    def put_back(self) -> None:
        """Undo what the batches since have done to them."""
        for live, kept in zip(self._live, self._kept, strict=True):
            live.copy_(kept)
