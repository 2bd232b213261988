"""What one viewer holds: images, model, cohort, current image, points. Knows nothing of Qt.

One subject a file, each built on the one before: what is there (`state`), the image that is
shown (`browsing`), finding in all images (`finding`), landmarks and their points (`marking`),
and what a person opens (`session`).
"""

from napari_medssl.session.session import Session
from napari_medssl.session.state import INSTANT
from napari_medssl.session.status import Status

__all__ = ["INSTANT", "Session", "Status"]
