"""Teach a head, and ask it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from medssl.landmarks.refine.features import Features
from medssl.landmarks.refine.head import HeatHead, heat_loss, read_heat, relative_places
from medssl.landmarks.refine.labels import Labels
from medssl.landmarks.refine.settings import RefineSettings
from medssl.landmarks.refine.warps import (
    Warps,
    draw_warps,
    unwarp_places,
    warp_features,
    warp_places,
)

_SOFTNESS = 1.0
_DROPPED = 0.15
_NOISE = 0.15
_CLIP = 5.0
_WARM = 0.1
CHECKS = 4
"""Small warps of an image that a head is asked about, besides the image itself."""
_CHECK_STRENGTH = 0.6


def train_head(
    features: Features,
    labels: Labels,
    settings: RefineSettings,
    seed: int,
    step_done: Callable[[], None],
) -> HeatHead:
    """Train a head on labelled images; the same seed gives the same head, bit for bit."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = HeatHead(features.ndim, features.channels, labels.places.shape[1], settings.width)
    optimiser = torch.optim.AdamW(head.parameters(), lr=settings.rate, weight_decay=1e-3)
    warm = max(1, round(_WARM * settings.steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, _cosine(step, settings.steps))
    )
    order: list[int] = []
    head.train()
    for _ in range(settings.steps):
        while len(order) < settings.batch:
            order += torch.randperm(len(labels.keys), generator=generator).tolist()
        rows, order = order[: settings.batch], order[settings.batch :]
        values, inside = stack_features([features.of(labels.keys[row]) for row in rows])
        frame = relative_places(inside)
        sizes = torch.tensor(inside.shape[1:])
        warps = draw_warps(len(rows), sizes, generator, 1.0)
        warped, now_inside = warp_features(values, inside, warps)
        places = warp_places(labels.places[rows], sizes, warps)
        seen = ((places > -0.5) & (places < sizes - 0.5)).all(-1)
        heat, offsets = head(_disturb(warped, generator), now_inside, frame)
        loss = heat_loss(heat, offsets, places, labels.weights[rows] * seen, _SOFTNESS)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(head.parameters(), _CLIP)
        optimiser.step()
        schedule.step()
        step_done()
    return head.eval()


@torch.no_grad()
def ask_head(head: HeatHead, features: Features, keys: Sequence[str]) -> Tensor:
    """Ask a head for the landmarks of some images, and of small warps of them.

    Returns
    -------
    places
        In coarse cells of the images ``(1 + CHECKS, B, L, ndim)``.
    """
    values, inside = stack_features([features.of(key) for key in keys])
    frame = relative_places(inside)
    sizes = torch.tensor(inside.shape[1:])
    generator = torch.Generator().manual_seed(0)
    places = []
    for check in range(CHECKS + 1):
        one = draw_warps(1, sizes, generator, _CHECK_STRENGTH if check else 0.0)
        warps = Warps(*(part.expand(len(keys), *part.shape[1:]) for part in one))
        warped, now_inside = warp_features(values, inside, warps)
        found = read_heat(*head(warped, now_inside, frame))
        places.append(unwarp_places(found, sizes, warps))
    return torch.stack(places)


def stack_features(parts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Stack features of different sizes: ``(B, C, *largest)``, and which cells there are."""
    shape = torch.tensor([part.shape[1:] for part in parts]).amax(0).tolist()
    values, inside = [], []
    for part in parts:
        padding = [
            amount
            for size, most in zip(reversed(part.shape[1:]), reversed(shape), strict=True)
            for amount in (0, most - size)
        ]
        values.append(F.pad(part.float(), padding))
        inside.append(F.pad(torch.ones(part.shape[1:], dtype=torch.bool), padding))
    return torch.stack(values), torch.stack(inside)


def _disturb(values: Tensor, generator: torch.Generator) -> Tensor:
    """Drop some channels of each image, and add noise to others."""
    each = (*values.shape[:2], *(1,) * (values.ndim - 2))
    kept = torch.rand(each, generator=generator) >= _DROPPED
    noise = torch.randn(each, generator=generator) * _NOISE
    return values * kept / (1 - _DROPPED) + noise


def _cosine(step: int, steps: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / steps)) + 1e-3
