"""Where a net sees what it answers: class activation maps from its features and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from medssl.devices import fast_dtype
from medssl.lesions.inputs import upsampled
from medssl.lesions.net import LesionNet, Level, SliceHead
from medssl.lesions.pooling import PlaceHead

Method = Literal["layercam", "cam", "grad-cam", "grad-cam++", "hirescam", "attention"]
METHODS: tuple[Method, ...] = (
    "layercam", "cam", "grad-cam", "grad-cam++", "hirescam", "attention"
)  # fmt: skip
"""The first is taken unless asked otherwise."""
Head = PlaceHead | SliceHead
_LEAST = 1e-9


def voxel_maps(
    method: Method, net: LesionNet, images: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor]:
    """Return a map of each question, a value a voxel, and the logits.

    With the features ``A_k`` that places are classified by, and the gradient ``G_k = ∂s/∂A_k`` of
    the logit ``s`` of an image:

    ==========  =====================================================================
    layercam    ``Σ_k ReLU(G_k) ⊙ A_k`` at each level of the encoder, finest included, each
                brought to 1 at its highest, and their mean [5]_
    cam         ``Σ_k w_k A_k``, the classifier's answer at each place [1]_
    grad-cam    ``ReLU Σ_k mean(G_k) A_k`` [2]_
    grad-cam++  ``ReLU Σ_k (Σ α_k ReLU(G_k)) A_k``,
                ``α_k = G_k² / (2 G_k² + G_k³ Σ A_k)`` [3]_
    hirescam    ``Σ_k G_k ⊙ A_k`` [4]_
    attention   how much each place counts in the pooling
    ==========  =====================================================================

    A place of the deepest map sees far around itself, and nothing in labels of whole images makes
    a net answer at the middle of what it sees. The finer levels see less far, which ties their
    maps to where the evidence is.

    Parameters
    ----------
    method
        Which of these.
    net
        The net.
    images
        ``(B, C, *spatial)``, prepared values.
    inside
        ``(B, 1, *cells)``: 1 for places inside of the image.

    Returns
    -------
    maps
        ``(B, K, *spatial)``; all but those of cam are brought to 1 at their highest.
    logits
        ``(B, K)``.

    References
    ----------
    .. [1] B. Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016.
    .. [2] R. Selvaraju et al., Grad-CAM, ICCV 2017.
    .. [3] A. Chattopadhay et al., Grad-CAM++, WACV 2018. The weights are those of an exponential
       of the logit.
    .. [4] R. Draelos and L. Carin, Use HiResCAM instead of Grad-CAM, arXiv 2011.08891.
    .. [5] P. Jiang et al., LayerCAM, IEEE TIP 2021.
    """
    low = fast_dtype(images.device) == torch.bfloat16
    spatial = images.shape[2:]
    if method == "layercam":
        return _layer_cam(net, images, inside, low)
    with torch.no_grad(), torch.autocast(images.device.type, torch.bfloat16, enabled=low):
        features = net.features(images)
    features = features.float()
    head = head_of(net)
    made = activation_maps(method, head, features, inside)
    if method != "cam":
        made = _to_one(made)
    with torch.no_grad():
        logits: Tensor = head(features, inside)
    return _cut(upsampled(made, net.strides), spatial), logits


def activation_maps(method: Method, head: Head, features: Tensor, inside: Tensor) -> Tensor:
    """Return a map of each question ``(B, K, *cells)`` from the features of places.

    `method` is any but layercam; for the others see `voxel_maps`.
    """
    if method == "cam":
        return head.maps(features)
    if method == "attention":
        count = (features.shape[0], head.maps(features[:1]).shape[1], *features.shape[2:])
        return head.weights(features, inside).expand(count)
    with torch.enable_grad():
        leaf = features.detach().requires_grad_()
        logits = head(leaf, inside)
        made = []
        for number in range(logits.shape[1]):
            (gradient,) = torch.autograd.grad(logits[:, number].sum(), leaf, retain_graph=True)
            made.append(_map(method, leaf.detach(), gradient))
    return torch.stack(made, 1)


def head_of(net: LesionNet) -> Head:
    """Return the head of a net."""
    head = net.head
    assert isinstance(head, PlaceHead | SliceHead)
    return head


def _layer_cam(net: LesionNet, images: Tensor, inside: Tensor, low: bool) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        leaf = images.detach().requires_grad_()
        with torch.autocast(images.device.type, torch.bfloat16, enabled=low):
            levels, features = net.levels_and_features(leaf)
        logits: Tensor = net.head(features.float(), inside)
        maps = [level.maps for level in levels]
        made = []
        for number in range(logits.shape[1]):
            gradients = torch.autograd.grad(logits[:, number].sum(), maps, retain_graph=True)
            made.append(_fused(levels, gradients, images))
    return torch.cat(made, 1), logits.detach()


@torch.no_grad()
def _fused(levels: Sequence[Level], gradients: Sequence[Tensor], images: Tensor) -> Tensor:
    total = images.new_zeros((len(images), 1, *images.shape[2:]))
    for level, gradient in zip(levels, gradients, strict=True):
        summed = (gradient.float().relu() * level.maps.float()).sum(1, keepdim=True)
        fine = upsampled(level.by_image(summed, len(images)), level.strides)
        total += _to_one(_cut(fine, images.shape[2:]))
    return total / len(levels)


def _to_one(maps: Tensor) -> Tensor:
    highest = maps.abs().amax(tuple(range(2, maps.ndim)), keepdim=True)
    return maps / highest.clamp(min=_LEAST)


def _cut(maps: Tensor, size: Sequence[int]) -> Tensor:
    return maps[(slice(None), slice(None), *(slice(0, side) for side in size))]


def grad_cam(features: Tensor, gradient: Tensor) -> Tensor:
    """Return Grad-CAM before its ReLU: ``(B, *cells)``."""
    return (_mean(gradient) * features).sum(1)


def hires_cam(features: Tensor, gradient: Tensor) -> Tensor:
    """Return HiResCAM: ``(B, *cells)``."""
    return (gradient * features).sum(1)


def _map(method: Method, features: Tensor, gradient: Tensor) -> Tensor:
    if method == "grad-cam":
        return grad_cam(features, gradient).relu()
    if method == "grad-cam++":
        return _grad_cam_plus_plus(features, gradient)
    return hires_cam(features, gradient)


def _grad_cam_plus_plus(features: Tensor, gradient: Tensor) -> Tensor:
    # Gradients of a mean over many places are tiny; their scale cancels in α but not in its sum
    # with Σ A, so that they are brought to 1 first.
    scale = gradient.abs().amax(tuple(range(1, gradient.ndim)), keepdim=True).clamp(min=1e-12)
    g = gradient / scale
    total = _mean(features) * features[0, 0].numel()
    alpha = g**2 / (2 * g**2 + g**3 * total).clamp(min=1e-12)
    places = tuple(range(2, features.ndim))
    weights = (alpha * g.relu()).sum(places, keepdim=True)
    return (weights * features).sum(1).relu()


def _mean(maps: Tensor) -> Tensor:
    return maps.mean(tuple(range(2, maps.ndim)), keepdim=True)
