"""A classifier of lesions that has learned: what it says of an image, and where it sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medssl.devices import fast_dtype
from medssl.errors import SettingsError
from medssl.lesions.calibration import Calibration
from medssl.lesions.inputs import Input, as_inputs, is_constant
from medssl.lesions.maps import METHODS, Method, head_of, voxel_maps
from medssl.lesions.net import LesionNet, SliceHead
from medssl.lesions.turns import Turn, choose_turns, shown, undone
from medssl.prepare import Case
from medssl.prepare.maps import to_source

_LEAST = 1e-6


@dataclass(frozen=True)
class Finding:
    """What a model says of one image.

    Parameters
    ----------
    probabilities
        ``(K,)``: calibrated, of each question.
    maps
        ``(K, *working)``: 0 to the question's probability, which the likeliest place has; or None.
    spread
        ``(K, *working)``: standard deviation over nets, shifts and mirrored images, on the same
        scale.
    slices
        ``(K, Z)``: of a sliced volume the probability of each slice as if it were alone, and
        ``(Z,)`` how much each counts; or None.
    by_net
        ``(nets, K)``: what each net says alone, calibrated: how far they disagree.
    """

    probabilities: NDArray[np.float64]
    maps: NDArray[np.float32] | None = None
    spread: NDArray[np.float32] | None = None
    slices: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    by_net: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class LesionModel:
    """Nets that answer together.

    Parameters
    ----------
    members
        The nets, in evaluation mode.
    questions
        What is asked: ``lesion``, and each class where there are several.
    classes
        Each class or finding with the number of its question.
    calibration
        Of each question.
    mirror
        Whether mirrored images are asked about too.
    """

    members: tuple[LesionNet, ...]
    questions: tuple[str, ...]
    classes: dict[str, int]
    calibration: tuple[Calibration, ...]
    mirror: bool

    @property
    def sliced(self) -> bool:
        """Whether volumes are taken slice by slice."""
        return self.members[0].sliced

    def find(self, case: Case, method: Method | None = METHODS[0]) -> Finding:
        """Say what an image shows, and where.

        Parameters
        ----------
        case
            Prepared as the model wants it.
        method
            How the maps are made; None: none are.

        Raises
        ------
        SettingsError
            If the nets cannot make such maps.
        """
        self.require_method(method)
        (given,) = as_inputs([case], self.sliced)
        turns = choose_turns(self.members[0].strides, self.mirror)
        voices = [_listen(net, given, turns, method) for net in self.members]
        logits = torch.cat([voice.logits for voice in voices]).mean(0).numpy()
        probabilities = self._calibrated(logits)
        by_net = np.stack([self._calibrated(voice.logits.mean(0).numpy()) for voice in voices])
        slices = self._slices(voices)
        if method is None:
            return Finding(probabilities, slices=slices, by_net=by_net)
        several = torch.cat([voice.maps for voice in voices if voice.maps is not None])
        mean, spread = several.mean(0), several.std(0, correction=0)
        if is_constant(given):
            mean, spread = torch.zeros_like(mean), torch.zeros_like(spread)
        space = tuple(range(1, mean.ndim))
        low = mean.amin(space, keepdim=True)
        height = (mean.amax(space, keepdim=True) - low).clamp(min=_LEAST)
        likely = torch.from_numpy(probabilities).float().reshape(-1, *[1] * len(space))
        return Finding(
            probabilities,
            given.to_working(likely * (mean - low) / height),
            given.to_working(likely * spread / height),
            slices,
            by_net,
        )

    def require_method(self, method: Method | None) -> None:
        """Check that the nets can make such maps.

        Raises
        ------
        SettingsError
            If they cannot.
        """
        if method is not None and method not in METHODS:
            raise SettingsError(f"method {method!r} is none of {', '.join(METHODS)}")
        head = head_of(self.members[0])
        pooling = head.places.pooling if isinstance(head, SliceHead) else head.pooling
        if method == "attention" and pooling == "average":
            raise SettingsError(
                "attention: this net takes the mean over all places alike, so that there is none. "
                "Take another method, or fit with --pooling attention"
            )

    def _calibrated(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        return np.stack(
            [one.probability(logits[number]) for number, one in enumerate(self.calibration)]
        )

    def _slices(
        self, voices: Sequence[_Voice]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        if any(voice.slices is None for voice in voices):
            return None
        logits = torch.stack([voice.slices[0] for voice in voices if voice.slices]).mean(0)
        weights = torch.stack([voice.slices[1] for voice in voices if voice.slices]).mean(0)
        return self._calibrated(logits.numpy()), weights.numpy().astype(np.float64)


def on_source(maps: NDArray[Any], case: Case) -> NDArray[np.float32]:
    """Bring maps ``(K, *working)`` to the image's own grid: ``(K, *source)``."""
    return to_source(maps, case.grid, case.source_grid)


@dataclass(frozen=True)
class _Voice:
    """Logits ``(T, K)``, maps ``(T, K, *shape)``, slices: logits ``(K, Z)``, weights ``(Z,)``."""

    logits: Tensor
    maps: Tensor | None
    slices: tuple[Tensor, Tensor] | None


def _listen(net: LesionNet, given: Input, turns: Sequence[Turn], method: Method | None) -> _Voice:
    device = next(net.parameters()).device
    values = torch.from_numpy(np.asarray(given.values, np.float32)).to(device)
    images = shown(values, turns)
    inside = net.places_inside(shown(torch.ones_like(values[:1]), turns))
    low = fast_dtype(device) == torch.bfloat16
    at_once = len(turns) if net.ndim == 2 else 1
    logits, maps = [], []
    slices: list[tuple[Tensor, Tensor]] = []
    for begin in range(0, len(turns), at_once):
        part = slice(begin, begin + at_once)
        if method is None or isinstance(net.head, SliceHead):
            with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=low):
                features = net.features(images[part])
            with torch.no_grad():
                logits.append(net.head(features.float(), inside[part]).cpu())
                if isinstance(net.head, SliceHead):
                    slices.append(net.head.slices(features.float(), inside[part]))
        if method is not None:
            made, said = voxel_maps(method, net, images[part], inside[part])
            if not isinstance(net.head, SliceHead):
                logits.append(said.cpu())
            maps.append(undone(made, turns[part], values.shape[1:]).cpu())
    spoken = None
    if slices:
        spoken = (
            torch.cat([one for one, _ in slices]).mean(0).cpu(),
            torch.cat([one for _, one in slices])[:, 0].mean(0).cpu(),
        )
    return _Voice(torch.cat(logits), torch.cat(maps) if maps else None, spoken)
