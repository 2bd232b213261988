"""Progress bars for long work, and Ctrl-C that stops it at a safe place."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from medssl.cli.output import err, say
from medssl.errors import Cancelled

SECONDS_BETWEEN_LINES = 15.0
Report = Callable[[int, int, str], None]


@contextmanager
def working(title: str) -> Iterator[Report]:
    """Show a bar for one piece of work; yields its `medssl.progress.Progress` callback.

    Where stderr is no terminal a line now and then takes the bar's place. The first Ctrl-C
    makes the callback raise `medssl.errors.Cancelled`; the second interrupts at once.
    """
    with _stop_on_interrupt() as stop_asked, _display(title) as show:

        def report(done: int, total: int, message: str) -> None:
            if stop_asked.is_set():
                raise Cancelled
            show(done, total, message)

        yield report


def _display(title: str) -> contextmanager[Report]:  # type: ignore[valid-type]
    return _bar(title) if err.is_terminal else _lines(title)


@contextmanager
def _bar(title: str) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[message]}", markup=False),
    )
    with Progress(*columns, console=err, expand=False) as bars:
        task = bars.add_task(title, total=None, message="")

        def show(done: int, total: int, message: str) -> None:
            bars.update(task, completed=done, total=total or None, message=message[-60:])

        yield show
        bars.update(task, message="")


@contextmanager
def _lines(title: str) -> Iterator[Report]:
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
