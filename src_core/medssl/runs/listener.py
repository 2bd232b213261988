"""Requests to stop or to pause a run, from wherever they come."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from medssl.errors import Cancelled
from medssl.runs.folder import RunFolder

WATCH_SECONDS = 0.2
STOPPED = "stopped; run it again to go on"


class _Interrupted(BaseException):
    """Passes through whatever handles errors, as `KeyboardInterrupt` does."""


class Listener:
    """Hears SIGTERM, Ctrl-C and the files in ``control``.

    Parameters
    ----------
    folder
        The run folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._stop = threading.Event()
        self._in_a_hurry = False
        self._hears_signals = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn SIGTERM and the first Ctrl-C into a request to stop, where this thread may.

        Listeners may be nested: all hear. The second Ctrl-C interrupts at once.
        """
        with ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                self._hears_signals = True
                for number in (signal.SIGTERM, signal.SIGINT):
                    stack.callback(signal.signal, number, self._hear(number))
            yield
        self._hears_signals = False

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Raise `Cancelled` in the middle of what is done here as soon as a stop is asked.

        For long calls with nothing to save, such as a compilation. It needs `listening` in the
        main thread; elsewhere nothing is interrupted.
        """
        if not self._hears_signals:
            yield
            return
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,), name="watcher", daemon=True)
        self._in_a_hurry = True
        watcher.start()
        try:
            self.check()
            yield
        except _Interrupted as interrupted:
            raise Cancelled(STOPPED) from interrupted
        finally:
            self._in_a_hurry = False
            done.set()
            watcher.join()

    def stop_asked(self) -> bool:
        """Whether a stop is asked."""
        return self._stop.is_set() or self.folder.asked("stop")

    def check(self) -> None:
        """Raise `Cancelled` if a stop is asked."""
        if self.stop_asked():
            raise Cancelled(STOPPED)

    def _hear(self, number: signal.Signals) -> signal.Handlers:
        """Begin to hear a signal; returns what handled it before."""
        before = signal.getsignal(number)

        def heard(given: int, frame: FrameType | None) -> None:
            again = self._stop.is_set()
            self._stop.set()
            if callable(before) and before is not signal.default_int_handler:
                before(given, frame)
            elif again and number == signal.SIGINT:
                raise KeyboardInterrupt
            if self._in_a_hurry:
                self._in_a_hurry = False
                raise _Interrupted

        signal.signal(number, heard)
        return before  # type: ignore[return-value]

    def _watch(self, done: threading.Event) -> None:
        """Wake the main thread when the file asks to stop."""
        while not done.wait(WATCH_SECONDS):
            if self.folder.asked("stop"):
                if sys.platform == "win32":
                    _thread.interrupt_main(signal.SIGTERM)
                else:
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
                return
