"""The window of ``medssl demo``: all films, where the landmarks are and where they were found.

``python -m napari_medssl.demo_window FOLDER`` opens it; the command line starts it so.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import napari

    from medssl.io import LandmarkRow

SYMBOLS = {"truth": "cross", "found": "ring"}
_FIRST_LAYOUT_MS = 300
LEGEND = "+ where it is   ○ where it was found, from one click on the first film"


def fill_viewer(viewer: napari.Viewer, folder: Path) -> None:
    """Add the films and the points that ``medssl demo`` wrote to a viewer."""
    from medssl.figures import landmark_colours
    from medssl.io import read_image, read_landmarks_csv

    rows = {name: read_landmarks_csv(folder / f"{name}.csv") for name in SYMBOLS}
    films = read_image(folder / rows["truth"][0].image)
    viewer.add_image(films.array, name="films", colormap="gray")
    colours = landmark_colours(list(dict.fromkeys(r.landmark for r in rows["truth"])))
    for name, symbol in SYMBOLS.items():
        _add_points(viewer, rows[name], name, symbol, colours)
    viewer.dims.axis_labels = ("film", "y", "x")
    viewer.dims.set_current_step(0, 1)
    viewer.canvas.overlays.text.text = LEGEND
    viewer.canvas.overlays.text.position = "bottom_center"
    viewer.canvas.overlays.text.visible = True


def _add_points(
    viewer: napari.Viewer,
    rows: list[LandmarkRow],
    name: str,
    symbol: str,
    colours: dict[str, tuple[int, int, int]],
) -> None:
    colour = [[c / 255 for c in colours[row.landmark]] for row in rows]
    viewer.add_points(
        [row.point_vox for row in rows],
        name=name,
        symbol=symbol,
        size=7,
        face_color=colour,
        border_color=colour,
        border_width=0,
        features={"landmark": [row.landmark for row in rows]},
    )


def main(folder: str) -> None:
    """Open the window and stay until it is closed."""
    import napari

    viewer = napari.Viewer(title="medssl demo")
    open_result(viewer, Path(folder))
    napari.run()


def open_result(viewer: napari.Viewer, folder: Path) -> None:
    """Show the result beside the Landmarks dock, the whole film in what is left of the window."""
    from qtpy.QtCore import QTimer

    viewer.window.add_plugin_dock_widget("napari-medssl", "Landmarks")
    fill_viewer(viewer, folder)
    QTimer.singleShot(_FIRST_LAYOUT_MS, viewer.reset_view)


if __name__ == "__main__":
    main(sys.argv[1])
