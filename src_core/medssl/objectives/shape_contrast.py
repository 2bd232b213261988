"""The shape should differ from its surroundings, in whatever direction."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.shape_inside import shape_map
from medssl.views.dense import DenseViews


class ShapeContrastSettings(BaseModel):
    """Weight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["shape_contrast"] = "shape_contrast"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")


class ShapeContrast(nn.Module):
    """One less the squared correlation of the shape's map with the local contrast.

    It is the share of the contrast's variance that two regions, shape and rest, leave
    unexplained [1]_. The sign does not matter: whether the shape is dark or bright is not said.

    Parameters
    ----------
    settings
        Weight.

    References
    ----------
    .. [1] T. Chan and L. Vese, Active contours without edges, IEEE Trans. Image Processing 10,
       2001: the fitting energy.

    Examples
    --------
    >>> import torch
    >>> x, inside = torch.randn(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    >>> bool(unexplained(-x, x, inside) < 1e-4)
    True
    """

    def __init__(self, settings: ShapeContrastSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, views: DenseViews, outputs: Outputs, stride: int) -> ObjectiveResult:
        """Loss of a batch; assignment and images are used."""
        shape, inside = shape_map(views, outputs, stride)
        every = (slice(None), slice(0, 1), *[slice(None, None, stride)] * (shape.ndim - 2))
        return ObjectiveResult(unexplained(shape, views.images[every].float(), inside))


def unexplained(shape: Tensor, contrast: Tensor, inside: Tensor) -> Tensor:
    """Return one less the squared correlation of two maps ``(V, 1, *cells)``, over all views."""
    axes = tuple(range(1, shape.ndim))
    cells = inside.sum(axes, keepdim=True).clamp(min=1)
    one, other = (
        (maps - (maps * inside).sum(axes, keepdim=True) / cells) * inside
        for maps in (shape, contrast)
    )
    lengths = one.square().sum() * other.square().sum()
    return 1 - (one * other).sum().square() / lengths.clamp(min=1e-6)
