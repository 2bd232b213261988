"""Checks that every reader makes before it takes memory."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from medssl.errors import FileRefusedError, MedsslError
from medssl.io.formats import unreadable

DAMAGED = "The file is damaged or was not copied whole: get it again from its source."

#: What libraries raise at damaged files, besides `OSError`.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    gzip.BadGzipFile,
    struct.error,
    zlib.error,
)


def require_memory(path: Path, shape: Sequence[int], bytes_per_voxel: int) -> None:
    """Refuse an image that would not fit into this computer's free memory.

    Raises
    ------
    FileRefusedError
        If the shape has an axis below 1, or is larger than what is free.
    """
    if not shape or min(shape) < 1:
        raise FileRefusedError(path, f"its header gives the size {tuple(shape)}", DAMAGED)
    needed = math.prod(int(s) for s in shape) * bytes_per_voxel
    free = psutil.virtual_memory().available
    if needed > free:
        raise FileRefusedError(
            path,
            f"its header gives {' × '.join(map(str, shape))} values, {needed / 2**30:.1f} GiB, "
            f"and {free / 2**30:.1f} GiB of memory are free",
            "Crop or reduce the image, or check that the file is not damaged.",
        )


def require_bytes(path: Path, found: int, needed: int) -> None:
    """Refuse a file that holds fewer bytes of pixels than its header promises."""
    if found < needed:
        raise FileRefusedError(
            path, f"it is truncated: {found} of {needed} bytes of pixels are there", DAMAGED
        )


@contextmanager
def refusing(path: Path, problem: str, *more: type[Exception]) -> Iterator[None]:
    """Turn what libraries raise at damaged files into one refusal that names the file.

    `more` are errors of a library's own that are none of Python's.
    """
    errors: tuple[type[Exception], ...] = (*_DAMAGE, *more)
    try:
        yield
    except MedsslError as error:
        if isinstance(error, FileRefusedError):
            raise
        raise FileRefusedError(path, f"{problem} ({error})", DAMAGED) from error
    except MemoryError as error:
        raise FileRefusedError(
            path, "it does not fit into the free memory", "Crop or reduce the image."
        ) from error
    except errors as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise FileRefusedError(path, f"{problem} ({lines[0][:200]})", DAMAGED) from error
    except OSError as error:
        raise unreadable(Path(error.filename or path), error) from error
