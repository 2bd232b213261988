"""What is found in the images once and kept in the run folder, for all processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from medssl.errors import ModelError
from medssl.pretrain.control import Control
from medssl.processes import bytes_of_first, while_others_wait
from medssl.runs import RunFolder


def found_once(
    path: Path,
    find: Callable[[Path], None],
    what: str,
    folder: RunFolder,
    control: Control,
    done: int,
) -> bytes:
    """Return the content of a file that the first process makes or reads for all.

    Parameters
    ----------
    path
        The file, in the run folder.
    find
        Makes it where it is not there yet.
    what
        Names it in an error.
    folder
        Knows which process writes.
    control
        Asked whether to go on.
    done
        Steps done.

    Raises
    ------
    Cancelled
        If it is asked to stop; nothing is kept then.
    ModelError
        If the file cannot be read.
    """

    def work() -> None:
        find(path)

    while_others_wait(work if folder.writes and not path.is_file() else None)
    control.agree_to_go_on(done, False)
    return bytes_of_first(_bytes(path, what) if folder.writes else None)


def _bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: {what} cannot be read ({error.strerror or error}). "
            "Run the same command again."
        ) from error
