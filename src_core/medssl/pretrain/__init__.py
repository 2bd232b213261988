"""Pretraining: recipes as data, one trainer, run folders that can be resumed."""

from __future__ import annotations

from medssl.pretrain.plan import Plan, make_plan
from medssl.pretrain.recipe import Optimiser, Recipe, Schedule, Stage
from medssl.pretrain.result import RunResult
from medssl.pretrain.run import pretrain
from medssl.pretrain.settings import PretrainSettings, make_settings

__all__ = [
    "Optimiser",
    "Plan",
    "PretrainSettings",
    "Recipe",
    "RunResult",
    "Schedule",
    "Stage",
    "make_plan",
    "make_settings",
    "pretrain",
]
