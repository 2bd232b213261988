"""Requests to stop or to pause, from wherever they come; all processes obey together."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import torch

from medssl.errors import Cancelled
from medssl.processes import any_process, process_count
from medssl.progress import Progress
from medssl.runs import RunFolder
from medssl.runs.listener import Listener
from medssl.runs.outcome import ProgressEvents

if TYPE_CHECKING:
    from accelerate import Accelerator

PAUSE_SECONDS = 0.2


class Control:
    """Obeys the progress callback, SIGTERM, Ctrl-C and the files in ``control``.

    Parameters
    ----------
    folder
        The run folder.
    accelerator
        Knows the other processes.
    progress
        Told where the training is; may raise `Cancelled`.
    """

    def __init__(self, folder: RunFolder, accelerator: Accelerator, progress: Progress) -> None:
        self.folder = folder
        self.accelerator = accelerator
        self.progress = progress
        self.listener = Listener(folder)
        self._events = ProgressEvents(folder)

    def hurrying(self) -> AbstractContextManager[None]:
        """Let a stop interrupt what is done inside, where nothing is to be saved.

        Not with several processes: the others would wait for the one that left.
        """
        return self.listener.hurrying() if process_count() == 1 else nullcontext()

    def tell(self, done: int, total: int, message: str) -> None:
        """Report from this process alone.

        Raises
        ------
        Cancelled
            If this process is asked to stop.
        """
        self.progress(done, total, message)
        self._events(done, total, message)
        self.listener.check()

    def obey(self, done: int, total: int, message: str, save: Callable[[], None]) -> bool:
        """Report between two steps; stop or pause if any process is asked to.

        Parameters
        ----------
        done, total, message
            What to report.
        save
            Called before a pause.

        Returns
        -------
        paused
            Whether there was a pause.

        Raises
        ------
        Cancelled
            In all processes, if one of them is asked to stop.
        """
        try:
            self.progress(done, total, message)
            cancelled = False
        except Cancelled:
            cancelled = True
        self.agree_to_go_on(done, cancelled)
        if not any_process(self.folder.asked("pause")):
            return False
        save()
        self.folder.state("paused", step=done)
        if self.accelerator.device.type == "cuda":
            torch.cuda.empty_cache()
        while any_process(self.folder.asked("pause")):
            self.agree_to_go_on(done, False)
            time.sleep(PAUSE_SECONDS)
        self.folder.state("running", step=done)
        return True

    def agree_to_go_on(self, done: int, cancelled: bool) -> None:
        """Wait for all processes; stop all if one of them was cancelled or is asked to stop.

        Raises
        ------
        Cancelled
            In all processes.
        """
        if any_process(cancelled or self.listener.stop_asked()):
            raise Cancelled(f"stopped after {done} steps; run it again to go on")
