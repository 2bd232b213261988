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
from medssl.cohort.findings import (
    Alternative,
    Label,
    ModelRun,
    NewLabel,
    SegmentationRecord,
)
from medssl.cohort.opening import DATABASE, SUFFIX
from medssl.cohort.parts.incoming import Met
from medssl.cohort.readings import Conflict
from medssl.cohort.records import (
    CaseRecord,
    Correction,
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
    "Alternative",
    "CaseRecord",
    "Cohort",
    "CohortDamagedError",
    "CohortError",
    "CohortLockedError",
    "CohortStorageError",
    "CohortVersionError",
    "Conflict",
    "Correction",
    "Kind",
    "Label",
    "LandmarkExistsError",
    "LandmarkRecord",
    "Met",
    "ModelRun",
    "NewCase",
    "NewLabel",
    "NewPoint",
    "NotACohortError",
    "Point",
    "SegmentationRecord",
    "Side",
    "Source",
    "UnknownEntryError",
]
