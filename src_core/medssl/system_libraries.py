"""System libraries that a window or a virtual screen needs, and which of them are missing.

Standard library only: `tools/system_libraries.py` runs this before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DRIVER_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


@dataclass(frozen=True)
class SystemLibrary:
    """One thing that the operating system must provide.

    Parameters
    ----------
    package
        The Debian package that brings it.
    what
        The shared library, program or file pattern that shows that it is there.
    purpose
        ``"window"`` for napari itself, ``"tests"`` for a virtual screen and real mouse events.
    is_present
        Looks for `what`.
    """

    package: str
    what: str
    purpose: str
    is_present: Callable[[str], bool]


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def _is_program(name: str) -> bool:
    return shutil.which(name) is not None


def _has_driver(pattern: str) -> bool:
    return any(any(Path(folder).glob(pattern)) for folder in DRIVER_FOLDERS)


def _has_font(pattern: str) -> bool:
    return any(Path("/usr/share/fonts").glob(pattern))


_SONAMES = {
    "libgl1": "libGL.so.1",
    "libegl1": "libEGL.so.1",
    "libglib2.0-0": "libglib-2.0.so.0",
    "libdbus-1-3": "libdbus-1.so.3",
    "libfontconfig1": "libfontconfig.so.1",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
    "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-image0": "libxcb-image.so.0",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-randr0": "libxcb-randr.so.0",
    "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-xinerama0": "libxcb-xinerama.so.0",
    "libx11-xcb1": "libX11-xcb.so.1",
}

LIBRARIES: tuple[SystemLibrary, ...] = (
    *(SystemLibrary(package, name, "window", _loads) for package, name in _SONAMES.items()),
    SystemLibrary("libgl1-mesa-dri", "**/dri/*_dri.so", "window", _has_driver),
    SystemLibrary("fonts-dejavu-core", "**/DejaVuSans.ttf", "window", _has_font),
    SystemLibrary("xvfb", "Xvfb", "tests", _is_program),
    SystemLibrary("xauth", "xauth", "tests", _is_program),
    SystemLibrary("xdotool", "xdotool", "tests", _is_program),
    SystemLibrary("imagemagick", "import", "tests", _is_program),
)


def is_needed() -> bool:
    """Whether this system gets its window libraries from packages (Linux does)."""
    return sys.platform.startswith("linux")


def missing_libraries(purposes: tuple[str, ...] = ("window", "tests")) -> list[SystemLibrary]:
    """List what is not there; empty on macOS and Windows, where Qt brings its own."""
    if not is_needed():
        return []
    return [
        library
        for library in LIBRARIES
        if library.purpose in purposes and not library.is_present(library.what)
    ]


def has_display() -> bool:
    """Whether a window can be shown here."""
    if not is_needed():
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def remedy(missing: list[SystemLibrary]) -> str:
    """Say in one line what to install."""
    packages = " ".join(library.package for library in missing)
    return f"on Debian or Ubuntu: apt-get install {packages}; elsewhere what provides the same"
