"""The borders between the rooms: what may import what, and how fast."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import medssl

CORE = Path(medssl.__file__).parent
GUI_PACKAGES = {
    "napari", "napari_medssl", "qtpy", "PyQt5", "PyQt6", "PySide2", "PySide6",
    "magicgui", "superqt", "pyqtgraph", "vispy",
}  # fmt: skip
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not installed (blocked by the test)")

BLOCKED = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Blocker())
"""


def _imports(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node.lineno


def _run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_core_never_imports_a_gui_package() -> None:
    offences = [
        f"{file.relative_to(CORE)}:{line} imports {name}"
        for file in CORE.rglob("*.py")
        for name, line in _imports(file)
        if name.split(".")[0] in GUI_PACKAGES
    ]
    assert offences == []


def test_plugin_imports_fast_and_light() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import napari_medssl;"
        "seconds = time.perf_counter() - start;"
        "print(seconds, *({'torch', 'SimpleITK', 'pyqtgraph'} & set(sys.modules)))"
    )
    answers = [_run(code).split() for _ in range(3)]
    assert [answer[1:] for answer in answers] == [[], [], []]
    assert min(float(answer[0]) for answer in answers) < 0.15


def test_help_does_not_import_torch() -> None:
    code = (
        "import sys; from medssl.cli.app import app;"
        "app(['landmarks', '--help'], standalone_mode=False);"
        "print(*({'torch', 'SimpleITK', 'skimage', 'scipy'} & set(sys.modules)), 'END')"
    )
    assert _run(code).splitlines()[-1].split() == ["END"]


def test_training_core_imports_without_viewer_reader_and_peer() -> None:
    code = BLOCKER + (
        "import medssl.nets, medssl.views, medssl.objectives\n"
        "from medssl.pretrain import PretrainSettings, pretrain\n"
        "PretrainSettings().resolve()"
    )
    _run(code, ",".join([*GUI_PACKAGES, "SimpleITK", "monai"]))
