"""Make sure that the system libraries for windows and virtual screens are there.

``python3 tools/system_libraries.py [--if-display]``: as root on Debian what is missing is
installed with apt-get; elsewhere a message names it and the exit code is 1. With ``--if-display``
nothing is done where no window can open, and a lack is only said. Runs before anything is
installed: standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src_core"))

from medssl.system_libraries import has_display, missing_libraries, remedy


def _may_install() -> bool:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return is_root and Path("/etc/debian_version").is_file() and bool(shutil.which("apt-get"))


def _install(packages: list[str]) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print("Installing system packages:", " ".join(packages), flush=True)
    subprocess.run(["apt-get", "-qq", "update"], env=quiet, check=False)
    subprocess.run(
        ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *packages],
        env=quiet,
        stdout=subprocess.DEVNULL,
        check=False,
    )


def main(arguments: list[str]) -> int:
    """Check, install where allowed, check again."""
    only_window = "--if-display" in arguments
    if only_window and not has_display():
        return 0
    purposes = ("window",) if only_window else ("window", "tests")
    missing = missing_libraries(purposes)
    if missing and _may_install():
        _install([library.package for library in missing])
        missing = missing_libraries(purposes)
    if not missing:
        return 0
    print("Missing system libraries:", ", ".join(m.what for m in missing), file=sys.stderr)
    print("Install them,", remedy(missing), file=sys.stderr)
    return 0 if only_window else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
