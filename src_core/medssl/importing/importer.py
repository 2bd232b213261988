"""Turn a file of weights into a net."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch

from medssl.errors import FileRefusedError
from medssl.importing.adapting import Weights, adapt_input, shift
from medssl.importing.building import choose_net, shapes_of, unlearned
from medssl.importing.imported import ImportedModel
from medssl.importing.matching import Match, find_match, is_first_convolution
from medssl.importing.names import OWN, UNET, encoder_namings, is_counter, part_of
from medssl.importing.reading import StateDict, read_state_dicts
from medssl.importing.refusals import require_encoder
from medssl.importing.settings import ImportSettings, InputNorm
from medssl.nets import Architecture, build_net

Dicts = Mapping[str, StateDict]


def import_weights(path: Path, settings: ImportSettings) -> ImportedModel:
    """Read a file of weights into the net that was asked for.

    Raises
    ------
    FileRefusedError
        If the file cannot be read safely, or its weights are not those of the net.
    SettingsError
        If the stride or the input's values do not fit the net.
    """
    dicts = read_state_dicts(path)
    base = settings.net
    ours = shapes_of(base)
    namings = encoder_namings(base, ours)
    encoder = require_encoder(
        path, settings.arch, find_match(dicts, namings, ours), dicts, namings, ours
    )
    architecture, other = choose_net(base, settings.stride, dicts, encoder)
    matches = [encoder] if other is None else [encoder, other]
    taken = _taken(matches, dicts)
    if not all(bool(tensor.isfinite().all()) for tensor in taken.values()):
        raise FileRefusedError(
            path, "some of its weights are no finite numbers", "Choose an earlier checkpoint."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # so that the same file gives the same model
        net = build_net(architecture)
    lacking = unlearned(architecture)
    state = {name: tensor for name, tensor in net.state_dict().items() if name not in taken}
    left = [name for name in state if not is_counter(name) and name not in lacking]
    state |= taken
    biases = _absorb_biases(matches, dicts, state)
    notes = _fit_input(state, taken, matches, settings)
    if biases:
        notes.append(f"{len(biases)} biases went into the norms after their convolutions")
    net.load_state_dict(state)
    return ImportedModel(
        net=net.eval().requires_grad_(False),
        settings=settings,
        source=path.name,
        sha256=_sha256(path),
        naming=" and ".join(dict.fromkeys(match.naming.name for match in matches if match.tensors)),
        prefix=".".join(part for part in (encoder.where, encoder.prefix) if part),
        matched=_by_part(taken, left),
        unmatched_in_file=_unused(matches, dicts, biases),
        left_random=left,
        notes=notes + _about_rest(architecture, encoder, dicts, left),
        statistics_in_file=bool(lacking) and lacking <= taken.keys(),
    )


def _taken(matches: Iterable[Match], dicts: Dicts) -> Weights:
    """Return copies of the matched tensors in single precision, by our names."""
    return {
        ours: dicts[match.where][theirs].detach().to(torch.float32, copy=True)
        for match in matches
        for ours, theirs in match.tensors.items()
    }


def _absorb_biases(matches: Iterable[Match], dicts: Dicts, state: Weights) -> set[str]:
    """Put biases of convolutions that have none in our nets into the norms; name them."""
    absorbed: set[str] = set()
    for match in matches:
        for ours, theirs in match.tensors.items():
            tensors, bias = dicts[match.where], theirs.removesuffix("weight") + "bias"
            own_bias = ours.removesuffix("weight") + "bias"
            if ours.endswith("weight") and bias in tensors and own_bias not in state:
                shift(state, ours, tensors[bias].detach().float())
                absorbed.add(bias)
    return absorbed


def _fit_input(
    state: Weights, taken: Weights, matches: list[Match], settings: ImportSettings
) -> list[str]:
    first = next((name for name in taken if is_first_convolution(name)), None)
    if first is None:
        return ["the first convolution is not in the file and stays random"]
    norm = settings.input_norm
    if norm == "auto":
        norm = _guess_norm(matches, colours=taken[first].shape[1])
    told = adapt_input(state, first, norm, settings.channels)
    if settings.input_norm == "auto" and norm != "own":
        told[0] += "; assumed, --input-norm says otherwise"
    return told


def _guess_norm(matches: list[Match], colours: int) -> InputNorm:
    """Guess the values that an input had: as in torchvision, DiRA, or our own."""
    if matches[0].naming.name == OWN:
        return "own"
    unet = any(match.naming.name == UNET and match.tensors for match in matches)
    return "unit" if unet or colours == 1 else "imagenet"


def _about_rest(
    architecture: Architecture, encoder: Match, dicts: Dicts, left: list[str]
) -> list[str]:
    told: list[str] = []
    if left:
        told.append(f"{len(left)} tensors of the encoder are not in the file and stay random")
    prefix = encoder.prefix.removesuffix("encoder.")
    behind = any(name.startswith(f"{prefix}decoder.") for name in dicts[encoder.where])
    if architecture.embedding_of == "encoder" and behind:
        told.append("the file's decoder is not whole or of other shapes, and was left out")
    return told


def _by_part(taken: Weights, left: list[str]) -> dict[str, tuple[int, int]]:
    found = Counter(part_of(name) for name in taken)
    missing = Counter(part_of(name) for name in left)
    parts = sorted({*found, *missing}, key=_order)
    return {part: (found[part], found[part] + missing[part]) for part in parts}


def _order(part: str) -> tuple[int, str]:
    return ("encoder", "decoder", "restorer", "head").index(part.split()[0]), part


def _unused(matches: Iterable[Match], dicts: Dicts, biases: set[str]) -> list[str]:
    """Name what lies beside the matched tensors, but for counters."""
    used = biases | {theirs for match in matches for theirs in match.tensors.values()}
    places = dict.fromkeys(match.where for match in matches if match.tensors)
    return [
        name
        for where in places
        for name in dicts[where]
        if name not in used and not is_counter(name)
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
