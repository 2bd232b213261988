"""A new user's path in the real window: open a folder, learn for minutes, click with the new model.

    xvfb-run -a -s "-screen 0 1440x900x24" python benchmarks/walk.py [--minutes 10]

It opens the 44 chest films of ``cxr_covid_seg`` (in ``../shared/data`` or ``$MEDSSL_TEST_DATA``) in
the Pretraining dock, starts a training with the mouse, waits, presses "Use this model", clicks each
landmark once on one film in the Landmarks dock, and compares where it is found in all others with
where it truly is; then the same clicks with `instant`. The training is a job in the background, on
all cores but one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(os.environ.get("MEDSSL_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
LONGEST_SIDE = 256
Truth = Mapping[str, Mapping[str, tuple[float, ...]]]


def read_truth(path: Path) -> Truth:
    """Points of each image, by file name and landmark: source voxels ``(y, x)``."""
    from medssl.io import read_landmarks_csv

    truth: dict[str, dict[str, tuple[float, ...]]] = {}
    for row in read_landmarks_csv(path):
        truth.setdefault(Path(row.image).name, {})[row.landmark] = row.point_vox
    return truth


def until(holds: Callable[[], object], most_s: float) -> None:
    """Let the window work until something holds."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + most_s
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get where it should")
        QApplication.processEvents()
        time.sleep(0.005)


def press(button: Any) -> None:
    """Press a button with the mouse."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    until(lambda: button.isVisible() and button.isEnabled(), 60)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def learn(viewer: Any, images: Path | Sequence[Path], settings: Mapping[str, Any]) -> Path:
    """Train in the Pretraining dock, and let the other docks use the model; returns its run."""
    from napari_medssl.widgets.pretraining.dock import PretrainingWidget

    dock = PretrainingWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Pretraining", area="right")
    training = dock.training
    training.open_images(images)
    until(lambda: training.images is not None, 120)
    training.choose(expert=settings)
    press(dock.primary)
    until(lambda: training.run is not None, 120)
    until(lambda: training.snapshot is not None and not training.active, 3600)
    model = training.model
    if model is None:
        raise RuntimeError(f"the training ended as {training.snapshot}")
    press(dock.primary)
    return model.parent


class Clicks:
    """The Landmarks dock on some images, and the clicks that are made in it."""

    def __init__(self, viewer: Any, images: Path | Sequence[Path]) -> None:
        from napari_medssl.widgets.landmarks import LandmarksWidget

        self._viewer = viewer
        self._dock = LandmarksWidget(viewer)
        viewer.window.add_dock_widget(self._dock, name="Landmarks", area="right")
        self.session = self._dock.session
        self.session.open_images(images)
        self._wait()

    @property
    def model(self) -> str:
        """What the dock searches with."""
        return str(self.session.model)

    def show(self, image: str) -> None:
        """Go to an image."""
        self.session.go_to(next(s.key for s in self.session.sources if s.path.name == image))
        self._wait()

    def click(self, landmark: str, point_vox: Sequence[float]) -> None:
        """Name a landmark and click it in the image that is shown."""
        from qtpy.QtCore import QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtTest import QTest
        from qtpy.QtWidgets import QApplication

        self._dock.list.name.setFocus()
        QTest.keyClicks(self._dock.list.name, landmark)
        QTest.keyClick(self._dock.list.name, Qt.Key.Key_Return)
        canvas = self._viewer.window._qt_viewer.canvas  # noqa: SLF001 - no public way to a pixel
        assert self.session.image is not None
        world = self.session.image.grid.voxel_to_world(point_vox)
        transform = canvas.view.transform * canvas.view.scene.transform
        at = QPointF(*(float(v) for v in transform.map([world[0], world[1]])[:2]))
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, button, held in (
            (QEvent.Type.MouseMove, none, none),
            (QEvent.Type.MouseButtonPress, left, left),
            (QEvent.Type.MouseButtonRelease, left, none),
        ):
            on_screen = QPointF(canvas.native.mapToGlobal(at.toPoint()))
            no_keys = Qt.KeyboardModifier.NoModifier
            event = QMouseEvent(kind, at, on_screen, button, held, no_keys)
            QApplication.sendEvent(canvas.native, event)
        self._wait(landmark)

    def search_with(self, model: str) -> None:
        """Let all landmarks be found again with another model."""
        self.session.set_model(model)
        self._wait()

    def errors(self, truth: Truth) -> list[float]:
        """Distance of each found point from the truth, in pixels at a longest side of 256."""
        session, errors = self.session, []
        name_of = {source.key: source.path.name for source in session.sources}
        shape_of = {key: grid.shape for key, grid in session.grids().items()}
        for point in session.points.values():
            known = truth.get(name_of[point.case_key], {}).get(point.landmark)
            if known is None or point.source != "predicted":
                continue
            away = np.linalg.norm(np.subtract(point.point_vox, known))
            errors.append(float(away) * LONGEST_SIDE / max(shape_of[point.case_key]))
        return errors

    def _wait(self, landmark: str | None = None) -> None:
        session, threads = self.session, self._dock.threads

        def there() -> bool:
            wanted = session.landmarks if landmark is None else [*session.landmarks, landmark]
            return (
                session.ready is not None
                and session.image is not None
                and not threads.busy
                and all(len(session.points_of(n)) == len(session.sources) for n in wanted)
            )

        until(there, 1200)


def walk(
    images: Path | Sequence[Path], truth: Truth, template: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Walk the whole way in one window; returns the errors with the new model and `instant`."""
    import napari

    viewer = napari.Viewer()
    try:
        viewer.window.resize(1440, 900)
        run = learn(viewer, images, settings)
        clicks = Clicks(viewer, images)
        if clicks.model != str(run / "model"):
            raise RuntimeError(f"the Landmarks dock works with {clicks.model}, not the new model")
        clicks.show(template)
        for landmark, point_vox in truth[template].items():
            clicks.click(landmark, point_vox)
        trained = clicks.errors(truth)
        clicks.search_with("instant")
        instant = clicks.errors(truth)
    finally:
        viewer.close()
    return {"run": str(run), "n": len(trained), "trained": trained, "instant": instant}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--template", help="film that is clicked; by default the first with all")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = DATA / "cxr_covid_seg"
    if not folder.is_dir():
        sys.exit(f"the chest films are absent: no {folder} (set MEDSSL_TEST_DATA to their folder)")
    if not os.environ.get("DISPLAY"):
        sys.exit('no display: xvfb-run -a -s "-screen 0 1440x900x24" python benchmarks/walk.py')
    truth = read_truth(folder / "landmarks.csv")
    most = max(map(len, truth.values()))
    template = options.template or next(i for i, points in truth.items() if len(points) == most)
    with tempfile.TemporaryDirectory() as own:
        for variable in ("MEDSSL_DATA", "MEDSSL_CACHE", "MEDSSL_RUNS"):
            os.environ[variable] = str(Path(own) / variable)
        os.environ["NAPARI_CONFIG"] = str(Path(own) / "settings.yaml")
        result = walk(folder / "images", truth, template, {"minutes": options.minutes})
    if options.json:
        print(json.dumps(result))
        return
    print("| searched with | mean px | median px | n |\n|---|---|---|---|")
    for model in ("instant", "trained"):
        errors = result[model]
        print(f"| {model} | {np.mean(errors):.1f} | {np.median(errors):.1f} | {len(errors)} |")


if __name__ == "__main__":
    main()
