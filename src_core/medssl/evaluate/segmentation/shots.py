"""Which images an evaluation of masks learns from, and which it scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from medssl.errors import SettingsError
from medssl.prepare import Case
from medssl.transfer import MaskFiles


def draw_shots(
    cases: Sequence[Case],
    masks: MaskFiles,
    count: int,
    seed: int,
    groups: Mapping[str, str] | None = None,
) -> tuple[list[Case], list[Case]]:
    """Draw the images whose masks are known; the same for all models.

    Only images with a file of every part of every structure, none of them empty, are drawn. Of one
    seed fewer are always a part of more. Of a drawn image's group nothing else is drawn or scored.

    Returns
    -------
    shots
        The images that are learned from.
    scored
        The others that have a mask.

    Raises
    ------
    SettingsError
        If there are too few images.
    """
    belongs = {case.key: (groups or {}).get(case.key, case.key) for case in cases}
    ordered = sorted(cases, key=lambda case: case.key)
    known = [case for case in ordered if masks.known(case).any()]
    shots: list[Case] = []
    for number in np.random.default_rng(seed).permutation(len(known)):
        if len(shots) == count:
            break
        case = known[number]
        if belongs[case.key] in {belongs[shot.key] for shot in shots}:
            continue
        if (
            masks.complete(case).all()
            and masks.read(case).reshape(len(masks.names), -1).any(1).all()
        ):
            shots.append(case)
    if len(shots) < count:
        raise SettingsError(
            f"{masks.folder}: {len(shots)} images (of different groups) have a mask of every "
            f"structure ({', '.join(masks.names)}) that is not empty; {count} cannot be learned "
            "from. Ask for fewer, or for fewer structures."
        )
    used = {belongs[shot.key] for shot in shots}
    scored = [case for case in known if belongs[case.key] not in used]
    if not scored:
        raise SettingsError(
            f"{masks.folder}: nothing is left to score: all {len(known)} images with masks are "
            "learned from, or belong to those that are"
        )
    return shots, scored
