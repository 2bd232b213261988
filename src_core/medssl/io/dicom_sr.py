"""DICOM structured reports (SR, TID 1500): landmarks and what is measured between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medssl import __version__
from medssl.errors import SettingsError
from medssl.geometry import FloatArray
from medssl.io._atomic import refuse_existing
from medssl.io.dicom_extra import deriving, own_tags, require_highdicom, store
from medssl.io.dicom_source import DicomSource
from medssl.io.landmark_csv import ExportPoint
from medssl.io.measurement import AT_DETECTOR, ON_FILM, Measurement
from medssl.io.segmentation import Code

ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
SET_BY_PERSON = Code("112356", "DCM", "User Selected Fiducial")
FOUND = Code("112357", "DCM", "Derived Fiducial")
CONFIDENCE = Code("CONFIDENCE", "99MEDSSL", "Confidence of a found landmark")
UNITS = {
    "mm": Code("mm", "UCUM", "mm"),
    "deg": Code("deg", "UCUM", "Degree"),
    "px": Code("{pixels}", "UCUM", "pixels"),
    "1": Code("1", "UCUM", "no units"),
}
NAMES = {
    "mm": Code("121206", "DCM", "Distance"),
    "px": Code("121206", "DCM", "Distance"),
    "deg": Code("1483009", "SCT", "Angle"),
    "1": Code("118586006", "SCT", "Ratio"),
}
UPPER = Code("371886008", "SCT", "+, range of upper measurement uncertainty")
LOWER = Code("371885007", "SCT", "-, range of lower measurement uncertainty")
WARNINGS = {
    AT_DETECTOR: Code("DETECTOR", "99MEDSSL", AT_DETECTOR),
    ON_FILM: Code("FILM", "99MEDSSL", ON_FILM),
}
_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")
_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
#: DICOM counts from the corner of the first pixel, we from its centre.
CORNER = 0.5


def write_dicom_sr(
    path: Path,
    points: Sequence[ExportPoint],
    source: DicomSource,
    measurements: Sequence[Measurement] = (),
    algorithm: str = "",
    overwrite: bool = False,
) -> Path:
    """Write landmarks and measurements of one image as a DICOM SR.

    Points lie in the frame of reference of the source (SCOORD3D, LPS mm); on a film, which has
    none, in its pixels (SCOORD). An uncertainty stands as an upper and a lower range of one
    standard deviation, a warning as the method of a measurement.

    Parameters
    ----------
    path
        The file.
    points
        Landmarks of the source; their `point_vox` counts.
    source
        The images that they were set on.
    measurements
        What was measured; the landmarks that they name are drawn as a line where all are known.
    algorithm
        Name of what found the predicted points.
    overwrite
        Whether a file of that name may be replaced.

    Raises
    ------
    FileRefusedError
        If the source cannot be referred to, or there is such a file already.
    SettingsError
        If there is nothing to write, a landmark comes twice, or highdicom is not installed.
    StorageError
        If it cannot be written.
    """
    require_highdicom()
    refuse_existing(path, overwrite)
    names = [point.landmark for point in points]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(f"landmark {twice[0]!r} comes twice. Give the points of one image")
    if not points and not measurements:
        raise SettingsError("there are no landmarks and no measurements to write")
    with deriving(source.path):
        made = _report(source, points, measurements, algorithm)
    return store(path, made, overwrite)


def _report(
    source: DicomSource,
    points: Sequence[ExportPoint],
    measurements: Sequence[Measurement],
    algorithm: str,
) -> Any:
    from highdicom import UID, sr
    from pydicom.sr.codedict import codes

    places = {point.landmark: _place(source, point) for point in points}
    groups = [_landmark(source, point, places[point.landmark], algorithm) for point in points]
    groups += [_measured(source, one, places) for one in measurements]
    # highdicom's library of images wants of films and single slices what they often do not say.
    is_series = source.grid.ndim == 3 and source.frames is None
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=UID(), name="napari-medssl", model_name="medssl"
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(
            observer_device_context=sr.ObserverContext(codes.DCM.Device, device)
        ),
        procedure_reported=sr.CodedConcept(*_PROCEDURE),
        imaging_measurements=groups,
        title=sr.CodedConcept(*_TITLE),
        referenced_images=list(source.headers) if is_series else None,
    )
    return sr.Comprehensive3DSR(
        evidence=list(source.headers),
        content=content,
        **own_tags(source.headers[0], "Landmarks"),
    )


def _place(source: DicomSource, point: ExportPoint) -> FloatArray:
    """LPS in the patient, ``(3,)``, or column and row of a film, ``(2,)``."""
    found = source.in_patient(point.point_vox)
    return np.asarray(point.point_vox[::-1], float) + CORNER if found is None else found[0]


def _landmark(source: DicomSource, point: ExportPoint, place: FloatArray, algorithm: str) -> Any:
    from highdicom import UID, sr

    found = point.source == "predicted"
    measured = []
    if point.confidence is not None:
        measured.append(
            sr.Measurement(
                sr.CodedConcept(*CONFIDENCE), point.confidence, sr.CodedConcept(*UNITS["1"])
            )
        )
    if len(place) == 3:
        region = sr.ImageRegion3D("POINT", place[None], source.frame_of_reference)
    else:
        region = sr.ImageRegion("POINT", place[None], _film(source))
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(UID(), point.landmark),
        referenced_region=region,
        finding_category=sr.CodedConcept(*ANATOMY),
        finding_type=sr.CodedConcept(*(FOUND if found else SET_BY_PERSON)),
        algorithm_id=(
            sr.AlgorithmIdentification(algorithm, __version__) if found and algorithm else None
        ),
        measurements=measured or None,
    )


def _measured(source: DicomSource, one: Measurement, places: Mapping[str, FloatArray]) -> Any:
    from highdicom import UID, sr

    drawn = [places[name] for name in one.landmarks if name in places]
    line = None
    if len(drawn) == len(one.landmarks) >= 2:
        corners = np.stack(drawn)
        line = (
            sr.CoordinatesForMeasurement3D("POLYLINE", corners, source.frame_of_reference)
            if corners.shape[1] == 3
            else sr.CoordinatesForMeasurement("POLYLINE", corners, _film(source))
        )
    unit = sr.CodedConcept(*UNITS[one.unit])
    number = sr.Measurement(
        sr.CodedConcept(*NAMES[one.unit]),
        one.value,
        unit,
        method=sr.CodedConcept(*WARNINGS[one.warning]) if one.warning else None,
        properties=None if one.uncertainty is None else _spread(one.uncertainty, unit),
        referenced_coordinates=None if line is None else [line],
    )
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(UID(), one.name), measurements=[number]
    )


def _spread(uncertainty: float, unit: Any) -> Any:
    """Upper and lower range in the measurement's own unit; highdicom would leave it out."""
    from highdicom import sr

    properties = sr.MeasurementProperties()
    for name in (UPPER, LOWER):
        properties.append(
            sr.NumContentItem(
                name=sr.CodedConcept(*name),
                value=uncertainty,
                unit=unit,
                relationship_type="HAS PROPERTIES",
            )
        )
    return properties


def _film(source: DicomSource) -> Any:
    from highdicom.sr import SourceImageForRegion

    header = source.headers[0]
    return SourceImageForRegion(header.SOPClassUID, header.SOPInstanceUID)
