"""napari plugin for medical image analysis with next to no annotation.

Importing this package imports neither torch nor SimpleITK: napari starts at its own speed.
"""

from __future__ import annotations

__version__ = "0.1.0"
