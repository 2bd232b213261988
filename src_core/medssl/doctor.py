"""What this machine offers and what is missing: versions, devices, libraries, cache."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from medssl.system_libraries import has_display, missing_libraries, remedy

State = Literal["ok", "note", "missing"]
PACKAGES = (
    "napari-medssl", "torch", "accelerate", "numpy", "scipy", "scikit-image", "SimpleITK",
    "pydicom", "tifffile", "imagecodecs", "safetensors", "pydantic", "typer",
)  # fmt: skip
#: Package of an extra, and what cannot be done without it.
EXTRAS = {"highdicom": ("dicom", "results are not written as DICOM objects")}
WINDOW_PACKAGES = ("napari", "magicgui", "superqt", "qtpy", "pyqtgraph")
QT_BINDINGS = ("PyQt6", "PySide6")
LOW_SPACE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    section
        ``"versions"``, ``"devices"``, ``"processor"``, ``"window"`` or ``"storage"``.
    subject
        What was looked at.
    value
        What was found, as a person reads it.
    state
        ``"ok"``; ``"note"``: works, but slower or with less; ``"missing"``: something cannot
        be done.
    advice
        What to do about it, empty when nothing.
    """

    section: str
    subject: str
    value: str
    state: State = "ok"
    advice: str = ""

    def to_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return asdict(self)


def diagnose() -> list[Finding]:
    """Look at everything that medssl rests on; takes about two seconds (imports torch)."""
    parts: tuple[Callable[[], Iterator[Finding]], ...] = (
        _versions,
        _devices,
        _processor,
        _window,
        _storage,
    )
    return [finding for part in parts for finding in part()]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _versions() -> Iterator[Finding]:
    yield Finding("versions", "system", platform.platform())
    python_ok = sys.version_info >= (3, 11)
    yield Finding(
        "versions",
        "Python",
        platform.python_version(),
        "ok" if python_ok else "missing",
        "" if python_ok else "install Python 3.11 or newer",
    )
    for package in PACKAGES:
        version = _version(package)
        advice = "" if version else "pip install --force-reinstall napari-medssl"
        yield Finding(
            "versions", package, version or "not installed", "ok" if version else "missing", advice
        )
    for package, (extra, without) in EXTRAS.items():
        version = _version(package)
        advice = "" if version else f"{without}: pip install 'napari-medssl[{extra}]'"
        yield Finding(
            "versions", package, version or "not installed", "ok" if version else "note", advice
        )


def _gigabytes(n_bytes: float) -> str:
    return f"{n_bytes / 1024**3:.1f} GB"


def _devices() -> Iterator[Finding]:
    import psutil
    import torch

    memory = psutil.virtual_memory()
    yield Finding(
        "devices",
        "processor",
        f"{_usable_cores()} cores, {_gigabytes(memory.total)} memory"
        f" ({_gigabytes(memory.available)} free)",
    )
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        free, total = torch.cuda.mem_get_info(index)
        yield Finding(
            "devices",
            f"cuda:{index}",
            f"{properties.name}, {_gigabytes(total)} memory ({_gigabytes(free)} free)",
        )
    if torch.backends.mps.is_available():
        yield Finding("devices", "mps", "Apple GPU, shares the processor's memory")
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        yield Finding("devices", "GPU", f"none that torch {torch.__version__} can use", "note")


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_features(cpuinfo: str) -> list[str]:
    """Name the features that speed up bf16, from the text of ``/proc/cpuinfo``."""
    flags: set[str] = set()
    for line in cpuinfo.splitlines():
        if line.startswith(("flags", "Features")):
            flags |= set(line.partition(":")[2].split())
    names = {
        "avx2": "AVX2",
        "avx512f": "AVX512",
        "avx512_bf16": "AVX512-BF16",
        "amx_bf16": "AMX-BF16",
        "bf16": "ARM BF16",
    }
    return [name for flag, name in names.items() if flag in flags]


def cpp_compiler() -> str | None:
    """Path of the C++ compiler that `torch.compile` would use on the processor."""
    candidates = [os.environ.get("CXX", ""), "g++", "clang++", "cl"]
    return next((found for c in candidates if c and (found := shutil.which(c))), None)


def _processor() -> Iterator[Finding]:
    import torch

    cpuinfo = Path("/proc/cpuinfo")
    features = cpu_features(cpuinfo.read_text()) if cpuinfo.is_file() else []
    capability = torch.backends.cpu.get_cpu_capability()
    has_bf16 = any("BF16" in name for name in features)
    yield Finding(
        "processor",
        "instructions",
        f"{', '.join(features) or 'unknown'} (torch uses {capability})",
        "ok" if has_bf16 else "note",
        "" if has_bf16 else "no fast bf16 here: pretraining on the processor runs in float32",
    )
    compiler = cpp_compiler()
    yield Finding(
        "processor",
        "C++ compiler",
        compiler or "none",
        "ok" if compiler else "note",
        ""
        if compiler
        else "torch.compile needs one (Debian: apt-get install g++);"
        " without it pretraining is slower",
    )


def _window() -> Iterator[Finding]:
    for package in WINDOW_PACKAGES:
        version = _version(package)
        yield _window_finding(package, version)
    bindings = [b for b in QT_BINDINGS if importlib.util.find_spec(b)]
    found = ", ".join(f"{b} {_version(b)}" for b in bindings)
    yield _window_finding("Qt binding", found or None)
    missing = missing_libraries(("window",))
    names = ", ".join(library.what for library in missing)
    yield Finding(
        "window",
        "system libraries",
        f"missing: {names}" if missing else "all there",
        "missing" if missing else "ok",
        remedy(missing) if missing else "",
    )
    yield Finding(
        "window",
        "screen",
        "there" if has_display() else "none",
        "ok" if has_display() else "note",
        "" if has_display() else "the command line works without one; napari needs one",
    )


def _window_finding(subject: str, found: str | None) -> Finding:
    advice = "" if found else "pip install 'napari-medssl[pyqt6]'"
    return Finding(
        "window", subject, found or "not installed", "ok" if found else "missing", advice
    )


def _storage() -> Iterator[Finding]:
    from medssl.prepare import ArrayCache

    folder = Path(ArrayCache().root)
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    state: State = "ok"
    advice = ""
    if not _is_writable(existing):
        state, advice = "missing", f"{existing} may not be written to: set MEDSSL_CACHE"
    elif free < LOW_SPACE_BYTES:
        state, advice = "note", "little space: empty the folder or set MEDSSL_CACHE to another"
    yield Finding("storage", "cache folder", str(folder), state, advice)
    yield Finding("storage", "cache size", f"{_gigabytes(_folder_bytes(folder))} used")
    yield Finding("storage", "free space", _gigabytes(free))


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _folder_bytes(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def summary(findings: list[Finding]) -> dict[str, Any]:
    """Sort findings by section, for JSON, and count what is missing."""
    sections: dict[str, list[dict[str, str]]] = {}
    for finding in findings:
        sections.setdefault(finding.section, []).append(finding.to_dict())
    return {"missing": sum(f.state == "missing" for f in findings), **sections}
