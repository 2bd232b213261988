"""The examples of a protocol, as the engine looks with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from medssl.errors import ModelError

if TYPE_CHECKING:
    from medssl.io import ImageSource, Problem
    from medssl.protocols import Protocol


@dataclass(frozen=True)
class Examples:
    """Template images of a protocol, and the points in them.

    Parameters
    ----------
    sources
        The images, with keys that no other image has.
    points
        By landmark: key of the image to the point ``(z, y, x)`` in its voxels.
    """

    sources: tuple[ImageSource, ...] = ()
    points: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        """Keys of the images."""
        return frozenset(source.key for source in self.sources)

    def require(self, usable: Collection[str], problems: Sequence[Problem]) -> None:
        """Refuse to look without an example that could not be prepared.

        Raises
        ------
        ModelError
            If one is not usable.
        """
        for source in self.sources:
            if source.key not in usable:
                why = next((p.message for p in problems if p.path == source.path), "it is missing")
                raise ModelError(f"an image of the protocol cannot be used: {why}")


NO_EXAMPLES = Examples()


def examples_of(protocol: Protocol | None, taken: Collection[str], ndim: int) -> Examples:
    """Give the examples of a protocol; none without one.

    Raises
    ------
    ModelError
        If the protocol is for images of the other dimension.
    """
    if protocol is None:
        return NO_EXAMPLES
    from medssl.protocols.applying import dimension, template_points
    from medssl.protocols.templates import template_sources

    made_for = dimension(protocol)
    if made_for != ndim:
        raise ModelError(
            f"{protocol.folder}: this protocol is for {made_for}-D images, and these are "
            f"{ndim}-D. Choose another protocol."
        )
    sources = template_sources(protocol, taken)
    points: dict[str, dict[str, tuple[float, ...]]] = {}
    for key, landmark, point_vox in template_points(protocol, sources):
        points.setdefault(landmark, {})[key] = point_vox
    return Examples(tuple(sources.values()), points)
