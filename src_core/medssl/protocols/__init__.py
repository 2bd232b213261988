"""Landmark protocols: named landmarks, examples of them, and what is measured between them."""

from __future__ import annotations

from medssl.protocols.definition import (
    LandmarkDefinition,
    MeasurementDefinition,
    ProtocolDefinition,
    TemplateDefinition,
)
from medssl.protocols.folder import SUFFIX, Protocol, open_protocol
from medssl.protocols.grammar import parse_measurement

__all__ = [
    "SUFFIX",
    "LandmarkDefinition",
    "MeasurementDefinition",
    "Protocol",
    "ProtocolDefinition",
    "TemplateDefinition",
    "open_protocol",
    "parse_measurement",
]
