"""Progress bars for long work, and Ctrl-C that stops it at a safe place."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from rich import progress as rich_progress

from medssl.cli.output import err, say
from medssl.errors import Cancelled
from medssl.progress import Progress, silent

SECONDS_BETWEEN_LINES = 15.0


@contextmanager
def working(title: str) -> Iterator[Progress]:
    """Show a bar for one piece of work; yields its `medssl.progress.Progress` callback.

    Where stderr is no terminal a line now and then takes the bar's place. The first Ctrl-C
    makes the callback raise `medssl.errors.Cancelled`; the second interrupts at once. Of several
    processes that work together only the first shows anything.
    """
    with _stop_on_interrupt() as stop_asked, _display()(title) as show:

        def report(done: int, total: int, message: str) -> None:
            if stop_asked.is_set():
                raise Cancelled
            show(done, total, message)

        yield report


def _display() -> Callable[[str], AbstractContextManager[Progress]]:
    if int(os.environ.get("RANK", "0")):
        return _nothing
    return _bar if err.is_terminal else _lines


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    columns = (
        rich_progress.TextColumn("{task.description}", markup=False),
        rich_progress.BarColumn(bar_width=30),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TimeElapsedColumn(),
        rich_progress.TimeRemainingColumn(),
        rich_progress.TextColumn("{task.fields[message]}", markup=False),
    )
    with rich_progress.Progress(*columns, console=err, expand=False) as bars:
        task = bars.add_task(title, total=None, message="")

        def show(done: int, total: int, message: str) -> None:
            bars.update(task, completed=done, total=total or None, message=message[-60:])

        yield show
        bars.update(task, message="")


@contextmanager
def _lines(title: str) -> Iterator[Progress]:
    say(f"{title} ...")
    start = last = time.monotonic()

    def show(done: int, total: int, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            say(f"{title}: {done}/{total} after {now - start:.0f} s, {message}")

    yield show


@contextmanager
def _nothing(_title: str) -> Iterator[Progress]:
    yield silent


@contextmanager
def _stop_on_interrupt() -> Iterator[threading.Event]:
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        say("Stopping at the next safe place (Ctrl-C again to stop at once)")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
