"""The shape should differ from its surroundings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.shape_inside import shape_map
from medssl.views.dense import DenseViews


class ShapeContrastSettings(BaseModel):
    """Weight and sign."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["shape_contrast"] = "shape_contrast"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    sign: Literal[-1, 0, 1] = Field(
        default=0, description="1: the shape is bright, -1: dark, 0: either."
    )


class ShapeContrast(nn.Module):
    """One less the correlation of the shape's map with the local contrast, or its square.

    One less the square is the share of the contrast's variance that two regions, shape and rest,
    leave unexplained [1]_; whether the shape is dark or bright then does not matter. Where it is
    known, the loss is one less the correlation, with the sign.

    Parameters
    ----------
    settings
        Weight and sign.

    References
    ----------
    .. [1] T. Chan and L. Vese, Active contours without edges, IEEE Trans. Image Processing 10,
       2001: the fitting energy.

    Examples
    --------
    >>> import torch
    >>> x, inside = torch.randn(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    >>> round(float(correlation(-x, x, inside)), 3)
    -1.0
    """

    def __init__(self, settings: ShapeContrastSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, views: DenseViews, outputs: Outputs, stride: int) -> ObjectiveResult:
        """Loss of a batch; assignment and images are used."""
        shape, inside = shape_map(views, outputs, stride)
        every = (slice(None), slice(0, 1), *[slice(None, None, stride)] * (shape.ndim - 2))
        found = correlation(shape, views.images[every].float(), inside)
        sign = self.settings.sign
        return ObjectiveResult(1 - sign * found if sign else 1 - found.square())


def correlation(shape: Tensor, contrast: Tensor, inside: Tensor) -> Tensor:
    """Return the correlation of two maps ``(V, 1, *cells)`` over all views, each about its mean."""
    axes = tuple(range(1, shape.ndim))
    cells = inside.sum(axes, keepdim=True).clamp(min=1)
    one, other = (
        (maps - (maps * inside).sum(axes, keepdim=True) / cells) * inside
        for maps in (shape, contrast)
    )
    lengths = one.square().sum() * other.square().sum()
    return (one * other).sum() / lengths.clamp(min=1e-6).sqrt()
