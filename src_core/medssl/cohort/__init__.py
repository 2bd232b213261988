"""The cohort store: what people and models have said about a set of images."""

from __future__ import annotations

from medssl.cohort.errors import (
    CohortDamagedError,
    CohortError,
    CohortLockedError,
    CohortStorageError,
    CohortVersionError,
    LandmarkExistsError,
    NotACohortError,
    UnknownEntryError,
)
from medssl.cohort.opening import DATABASE, SUFFIX
from medssl.cohort.records import (
    CaseRecord,
    Kind,
    LandmarkRecord,
    NewCase,
    NewPoint,
    Point,
    Side,
    Source,
)
from medssl.cohort.store import Cohort

__all__ = [
    "DATABASE",
    "SUFFIX",
    "CaseRecord",
    "Cohort",
    "CohortDamagedError",
    "CohortError",
    "CohortLockedError",
    "CohortStorageError",
    "CohortVersionError",
    "Kind",
    "LandmarkExistsError",
    "LandmarkRecord",
    "NewCase",
    "NewPoint",
    "NotACohortError",
    "Point",
    "Side",
    "Source",
    "UnknownEntryError",
]
