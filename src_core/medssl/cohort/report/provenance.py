"""Which models and data a cohort's results come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from medssl.cohort.findings import ModelRun
from medssl.cohort.records import CaseRecord

_CARD = "model.json"


def data_fingerprint(cases: Iterable[CaseRecord]) -> str:
    """Give one fingerprint of all images, whatever their order and names."""
    every = sorted(case.fingerprint for case in cases)
    return hashlib.blake2b("\n".join(every).encode(), digest_size=16).hexdigest()


def read_card(run: ModelRun) -> Mapping[str, Any]:
    """Read the card of the model that a run used; empty where it is not there any more.

    Only what is shown is looked at, so that a report needs no torch.
    """
    if not run.place:
        return {}
    for folder in (Path(run.place), Path(run.place) / "model"):
        try:
            card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(card, dict):
            return card
    return {}


def describe_card(card: Mapping[str, Any]) -> list[str]:
    """Say in words how a model was made: recipe, data, versions, date."""
    recipe, data, versions = (_part(card, key) for key in ("recipe", "data", "versions"))
    words = []
    if recipe.get("name"):
        steps = recipe.get("steps")
        words.append(f"recipe {recipe['name']}" + (f", {steps} steps" if steps else ""))
    if data.get("n_images"):
        prepared = f", data {data['fingerprint']}" if data.get("fingerprint") else ""
        words.append(f"{data['n_images']} images{prepared}")
    words += [f"{package} {version}" for package, version in versions.items()]
    if card.get("created"):
        words.append(f"made {_day(card['created'])}")
    return words


def plain_settings(settings: Mapping[str, Any], paths: bool) -> str:
    """Say settings in words; without `paths`, texts that may name a place are left out."""
    return ", ".join(
        f"{key} {_value(value)}"
        for key, value in settings.items()
        if _is_plain(value) and (paths or not _is_place(value))
    )


def period(times: Sequence[str]) -> str:
    """Give the first and the last day of times in ISO 8601."""
    days = sorted(_day(time) for time in times)
    if not days:
        return ""
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def _part(card: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = card.get(key)
    return part if isinstance(part, dict) else {}


def _day(time: object) -> str:
    return str(time)[:10]


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float, bool)) and value != ""


def _is_place(value: object) -> bool:
    return isinstance(value, str) and ("/" in value or "\\" in value)
