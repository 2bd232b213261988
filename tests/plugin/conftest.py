"""Small cohorts, a session without threads, and one window a test file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

sys.path.insert(0, str(Path(__file__).parent))
import gui
from fake_engine import FakeEngine

from medssl.errors import Cancelled, MedsslError
from napari_medssl.session import Session
from napari_medssl.store import Store

SHAPE = (120, 100)


class Inline:
    """Runs every task at once, in the caller's thread."""

    def submit(self, task, done, failed) -> None:
        try:
            result = task(lambda *_: None)
        except (Cancelled, MedsslError) as error:
            failed(error)
        else:
            done(result)

    def cancel(self) -> None:
        """Nothing waits."""


@pytest.fixture(autouse=True)
def _own_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("MEDSSL_DATA", "MEDSSL_RUNS"):
        monkeypatch.setenv(variable, str(tmp_path_factory.mktemp("own")))


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Folder of six pictures of one size."""
    return write_pictures(tmp_path / "chest", 6)


def write_pictures(folder: Path, n: int, shape: Sequence[int] = SHAPE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: shape[0], : shape[1]]
    for i in range(n):
        blob = np.exp(-(((y - 60 - i) / 20) ** 2 + ((x - 50 - i) / 12) ** 2))
        array = (180 * blob + 20 * rng.random(shape)).astype(np.uint8)
        Pillow.fromarray(array).save(folder / f"film_{i + 1:02d}.png")
    return folder


@pytest.fixture
def new_session(engine: FakeEngine) -> Any:
    """Make a session; another one on the same images is the program started again."""

    def make(heavy: Any = engine) -> Session:
        return Session(heavy, Store(), Inline(), Inline(), Inline())

    return make


@pytest.fixture
def session(new_session: Any) -> Session:
    return new_session()


@pytest.fixture
def opened(session: Session, pictures: Path) -> Session:
    session.open_images(pictures)
    return session


def _open_window() -> Any:
    import napari

    viewer = napari.Viewer(show=False)
    viewer.window.resize(1200, 900)
    viewer.window.show()
    gui.until(viewer.window._qt_window.isVisible)
    return viewer


@pytest.fixture(scope="module")
def window(qapp: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One real window for all tests of a file: opening one takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAPARI_CONFIG", str(tmp_path_factory.mktemp("napari") / "settings.yaml"))
        viewer = _open_window()
        yield viewer
        viewer.close()


@pytest.fixture
def own_viewer(qapp: Any) -> Iterator[Any]:
    """A window of one test alone, which may close it."""
    viewer = _open_window()
    yield viewer
    if viewer in type(viewer)._instances:
        viewer.close()


@pytest.fixture
def viewer(window: Any) -> Iterator[Any]:
    """The window as it is when it opens: no layers, no docks of ours."""
    yield window
    window.window.remove_dock_widget("all")
    gui.settle()  # the canvas takes its new size before what it draws goes away
    for layer in window.layers:  # software OpenGL must not paint a layer while it is taken away
        layer.visible = False
    window.layers.selection.clear()
    gui.settle()
    window.layers.clear()
    window.dims.ndisplay = 2
    gui.settle()


@pytest.fixture
def dock(viewer: Any, engine: FakeEngine) -> Any:
    return gui.open_dock(viewer, engine)


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Engine of trainings that a test writes by hand; their processes end with the test."""
    from fake_training import FakeTraining

    engine = FakeTraining()

    def start(folder):
        next(run for run in engine.created if run.path == folder).begin()
        return 1

    monkeypatch.setattr("medssl.runs.start_job", start)
    yield engine
    for run in engine.created:
        run.kill()
