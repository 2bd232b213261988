"""Tiny recipes of DiRA."""

from __future__ import annotations

from typing import Any

from medssl.presets_dira import dira_recipe
from medssl.pretrain import PretrainSettings, Recipe

SMALL = {
    "moco": {"hidden": 8, "channels": 8, "queue": 8},
    "barlow_twins": {"channels": 8},
    "simsiam": {"channels": 8, "bottleneck": 4},
    "visual_words": {"words": 4},
    "adversarial": {"widths": (4, 4, 4, 4)},
    "dense_matching": {},
    "dense_discrimination": {},
    "restoration": {},
}


def tiny_dira(kind: str = "moco", ndim: int = 2, **values: Any) -> Recipe:
    """A recipe that takes milliseconds a step; ``values`` as in `dira_recipe`."""
    recipe = dira_recipe("quick", kind, ndim, **values)
    made = recipe.architecture.model_dump() | {"widths": (4, 8), "convolutions": (1, 1)}
    if made["embedding_of"] != "head":
        made["embedding_channels"] = 8
    stages = tuple(
        stage.model_copy(
            update={
                "views": stage.views.model_copy(
                    update={
                        "size": (16, 16) if ndim == 2 else (8, 16, 16),
                        "points": 8 if values.get("places") else 0,
                    }
                ),
                "objectives": tuple(
                    objective.model_copy(update=SMALL[objective.kind])
                    for objective in stage.objectives
                ),
            }
        )
        for stage in recipe.stages
    )
    changes: dict[str, Any] = {
        "architecture": made,
        "stages": [stage.model_dump() for stage in stages],
        "batch": 2,
        "largest_crop": 24,
    }
    return Recipe.model_validate(recipe.model_dump() | changes)


def dira_settings(
    kind: str = "moco", ndim: int = 2, steps: int = 8, **values: Any
) -> PretrainSettings:
    """Settings of a tiny training on one processor."""
    recipe = tiny_dira(kind, ndim, **values.pop("recipe", {}))
    return PretrainSettings(
        custom=recipe, ndim=ndim, steps=steps, device="cpu", compile="off", **values
    )
