"""Make the pictures of the docs: drive the real window with a real mouse and keyboard.

    xvfb-run -a -s "-screen 0 1440x900x24" python docs/screenshots.py [FOLDER]

Needs a display and ``xdotool``. Everything shown is a phantom. The pictures land in
``docs/images``, or in the folder given.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SIZE = (1440, 900)
LANDMARKS = ("carina", "aortic_knob", "right_lung_apex", "left_lung_apex")


class Person:
    """A hand on mouse and keyboard: what it does goes through the window system."""

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer
        self.window = viewer.window._qt_window  # noqa: SLF001 - the docs show the window itself
        self._xdotool = shutil.which("xdotool") or sys.exit("xdotool is missing; install it")

    def wait(self, until: Callable[[], bool], most_s: float = 60.0) -> None:
        """Let the window work until something holds."""
        from qtpy.QtWidgets import QApplication

        end = time.monotonic() + most_s
        while not until():
            if time.monotonic() > end:
                raise TimeoutError("the window did not get where it should")
            QApplication.processEvents()
            time.sleep(0.005)

    def rest(self, seconds: float = 0.5) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    def _do(self, *words: str) -> None:
        running = subprocess.Popen([self._xdotool, *words])
        self.wait(lambda: running.poll() is not None)
        self.rest(0.15)

    def focus(self) -> None:
        """Give the window the keyboard."""
        self._do("windowfocus", str(int(self.window.winId())))

    def point_at(self, widget: Any, at: Any = None) -> None:
        """Move the mouse to a widget."""
        place = widget.mapToGlobal(at if at is not None else widget.rect().center())
        self._do("mousemove", str(place.x()), str(place.y()))

    def click(self, widget: Any, at: Any = None) -> None:
        """Click a widget."""
        self.point_at(widget, at)
        self._do("click", "1")

    def type(self, words: str) -> None:
        """Type words and Return."""
        self._do("type", "--delay", "12", words)
        self._do("key", "Return")

    def press(self, key: str) -> None:
        """Press a key."""
        self._do("key", key)

    def on_canvas(self, world: tuple[float, float]) -> tuple[Any, Any]:
        """Canvas and the place on it where a world point ``(y, x)`` is drawn."""
        from qtpy.QtCore import QPoint

        canvas = self.viewer.window._qt_viewer.canvas  # noqa: SLF001
        transform = canvas.view.transform * canvas.view.scene.transform
        x, y = transform.map([world[1], world[0]])[:2]
        return canvas.native, QPoint(round(x), round(y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag from one world point to another."""
        for at, action in ((start, "mousedown"), (end, "mouseup")):
            native, place = self.on_canvas(at)
            self.point_at(native, place)
            self.rest(0.2)
            self._do(action, "1")

    def keep(self, path: Path) -> None:
        """Save the window as a picture."""
        self.rest(1.0)
        self.viewer.screenshot(str(path), canvas_only=False, flash=False)


def on_screen(session: Any, point_vox: tuple[float, ...]) -> tuple[float, float]:
    """World point ``(y, x)`` of a voxel of the picture that is shown."""
    x, y = session.image.grid.voxel_to_world(point_vox)
    return float(y), float(x)


def review(person: Person, dock: Any) -> None:
    """Go to the next point to check, and wait until all of it is shown."""
    before = dock.session.case
    person.press("n")
    person.wait(lambda: dock.session.case is not before and dock.session.image is not None)
    person.wait(lambda: not dock.threads.busy)


def measure(person: Person, dock: Any, name: str, kind: int, landmarks: tuple[str, ...]) -> None:
    """Add a measurement with the group Protocol of the dock."""
    group = dock.protocol
    person.click(group.add)
    group.editor.kind.setCurrentIndex(kind)
    for place, landmark in zip(group.editor.places, landmarks, strict=False):
        place.setCurrentText(landmark)
    person.click(group.editor.name)
    person.type(name)
    person.wait(lambda: not group.editor.isVisible())


def main(folder: Path) -> None:
    """Walk through the Landmarks dock and keep a picture of each state."""
    import napari

    from medssl.phantom import make_chest
    from napari_medssl.widgets.landmarks import LandmarksWidget

    viewer = napari.Viewer()
    viewer.window.resize(*SIZE)
    dock = LandmarksWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Landmarks", area="right")
    person, session = Person(viewer), dock.session
    person.rest()
    viewer.window._qt_window.move(0, 0)  # noqa: SLF001
    person.focus()
    person.keep(folder / "landmarks-empty.png")

    person.click(dock.empty.sample)
    person.wait(lambda: dock.foot.bar.maximum() > 0)
    person.rest(0.7)
    person.keep(folder / "landmarks-running.png")
    person.wait(lambda: session.ready is not None and session.image is not None)
    truth = make_chest(0).landmarks
    for name in LANDMARKS:
        person.click(dock.list.name)
        person.type(name.replace("_", " "))
        if name == LANDMARKS[0]:
            person.keep(folder / "landmarks-ready.png")
        person.click(*person.on_canvas(on_screen(session, truth[name])))
        person.wait(lambda: len(session.points_of(session.landmark)) == len(session.sources))
        person.wait(lambda: session.similarity is not None)
        if name == LANDMARKS[0]:
            person.keep(folder / "landmarks-found.png")
    person.press("period")
    person.wait(lambda: not dock.threads.busy)
    person.keep(folder / "landmarks.png")
    for _ in range(4):
        review(person, dock)
    person.keep(folder / "landmarks-review.png")

    right = make_chest(session.index).landmarks[session.landmark]
    person.drag(*(on_screen(session, point) for point in (session.point.point_vox, right)))
    person.wait(lambda: session.point.source == "corrected")
    person.wait(lambda: not dock.threads.busy)
    person.keep(folder / "landmarks-corrected.png")

    person.click(dock.protocol.button)
    apices = ("right lung apex", "left lung apex")
    measure(person, dock, "width at the apices", 0, apices)
    measure(person, dock, "opening at the carina", 1, (apices[0], "carina", apices[1]))
    measure(person, dock, "knob over apices", 3, ("carina", "aortic knob", *apices))
    dock.protocol.measuring.save(Path("lungs.protocol"))
    person.wait(lambda: not dock.threads.busy)
    person.keep(folder / "landmarks-protocol.png")
    person.click(dock.protocol.button)

    Path("new study").mkdir()
    dock.open_folder(Path("new study"))
    person.keep(folder / "landmarks-error.png")
    dock.close_task()
    viewer.close()


if __name__ == "__main__":
    if not os.environ.get("DISPLAY"):
        sys.exit('no display: xvfb-run -a -s "-screen 0 1440x900x24" python docs/screenshots.py')
    with tempfile.TemporaryDirectory() as own:
        for variable in ("MEDSSL_DATA", "MEDSSL_CACHE"):
            os.environ[variable] = own
        os.environ["NAPARI_CONFIG"] = str(Path(own) / "settings.yaml")
        target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE / "images"
        target.mkdir(parents=True, exist_ok=True)
        os.chdir(own)
        main(target)
        os.chdir(HERE)
