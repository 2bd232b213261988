"""Run a job in this process: the only way that one is begun or resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from medssl.devices import choose_device
from medssl.jobs.queue import turn as turn_on
from medssl.jobs.requests import read_request
from medssl.jobs.work import do_request, join_processes
from medssl.processes import is_first_process, while_others_wait
from medssl.progress import Progress, silent
from medssl.runs import RunFolder, read_status
from medssl.runs.listener import Listener
from medssl.runs.outcome import ProgressEvents, told


def run_job(
    folder: str | Path,
    progress: Progress = silent,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Do what the request of a run folder asks, from the start or from the last checkpoint.

    It waits for its turn on the device. A run that is done is left as it is.

    Parameters
    ----------
    folder
        The run folder.
    progress
        Called often; may raise `Cancelled`: the state is saved and the same call goes on.
    on_event
        Told of each event that is written.

    Raises
    ------
    Cancelled
        If it was stopped: by `progress`, SIGTERM, Ctrl-C, or the file ``control/stop``.
    MedsslError
        If it cannot be done; the run's state is then failed, its last checkpoint good.
    """
    if read_status(folder).state == "done":
        return
    with RunFolder(folder, writes=is_first_process(), on_event=on_event) as run:
        run.forget_old_requests()
        listener = Listener(run)
        with told(run), listener.listening():
            request = read_request(run.path)
            if request.threads is not None:
                torch.set_num_threads(request.threads)
            watched = _watched(run, progress, listener)
            join_processes(request)
            with ExitStack() as held:
                turn = _turn(request.device, run, watched)
                while_others_wait(partial(held.enter_context, turn) if run.writes else None)
                do_request(request, run, progress, watched)


@contextmanager
def _turn(device: str, run: RunFolder, progress: Progress) -> Iterator[None]:
    """Hold the device; the first process does it for all."""
    told = ""

    def waiting(other: str) -> None:
        nonlocal told
        message = f"waiting for {Path(other).name}, which works on {device}"
        if message != told:
            run.state("queued", message=message)
            told = message
        progress(0, 0, message)

    with turn_on(device_name(device), run.path, waiting):
        yield


def device_name(device: str) -> str:
    """Return the exact name of a device, the same for all names that mean it."""
    chosen = choose_device(device)
    if chosen.type == "cuda" and chosen.index is None:
        chosen = torch.device("cuda", torch.cuda.current_device())
    return str(chosen)


def _watched(run: RunFolder, progress: Progress, listener: Listener) -> Progress:
    """Report to the caller and to the run's events, and stop when it is asked."""
    events = ProgressEvents(run)

    def report(done: int, total: int, message: str) -> None:
        events(done, total, message)
        progress(done, total, message)
        listener.check()

    return report
