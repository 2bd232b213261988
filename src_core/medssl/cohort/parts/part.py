"""What every part of the store stands on."""

from __future__ import annotations

from pathlib import Path

from medssl.cohort.connections import Connections


class Part:
    """A part of the store: the cohort's folder and the connections to its database."""

    def __init__(self, path: Path, connections: Connections) -> None:
        self.path = path
        self._db = connections
