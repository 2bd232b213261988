"""Weights that were trained elsewhere become a model folder."""

from medssl.importing.imported import ImportedModel, require_free
from medssl.importing.importer import import_weights
from medssl.importing.settings import ArchName, ImportSettings, InputNorm, make_settings

__all__ = [
    "ArchName",
    "ImportSettings",
    "ImportedModel",
    "InputNorm",
    "import_weights",
    "make_settings",
    "require_free",
]
