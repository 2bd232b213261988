"""Which parts of a header can tell whose image it is.

After the basic profile of DICOM PS3.15, annex E: elements that name a person, a place, a day or an
object of this very examination, free text in which such things are written, and all private
elements. What the rules by kind cover (names, dates, times, UIDs) is not listed one by one.
"""

from __future__ import annotations

import re

#: Kinds of values that are identifying whatever the element: names, dates, times, UIDs.
_KINDS = frozenset({"PN", "DA", "DT", "TM", "UI"})

#: UIDs that say what something is, not which one it is.
_TELLING_UIDS = """
SOPClassUID ReferencedSOPClassUID MediaStorageSOPClassUID TransferSyntaxUID
OriginalSpecializedSOPClassUID RelatedGeneralSOPClassUID CodingSchemeUID ContextUID
ContextGroupExtensionCreatorUID MappingResourceUID ImplementationClassUID
AvailableTransferSyntaxUID
"""
_TELLING = frozenset(_TELLING_UIDS.split())

_OF_THE_PATIENT = """
PatientID IssuerOfPatientID TypeOfPatientID OtherPatientIDs OtherPatientIDsSequence
OtherPatientNames PatientSex PatientAge PatientSize PatientWeight PatientAddress
PatientTelephoneNumbers PatientTelecomInformation PatientMotherBirthName PatientBirthName
PatientInsurancePlanCodeSequence PatientPrimaryLanguageCodeSequence PatientReligiousPreference
PatientState PatientSexNeutered PatientComments PatientInstitutionResidence
PatientTransportArrangements PatientAlternativeCalendar EthnicGroup EthnicGroups Occupation
SmokingStatus PregnancyStatus MedicalAlerts Allergies AdditionalPatientHistory SpecialNeeds
MilitaryRank BranchOfService CountryOfResidence RegionOfResidence MedicalRecordLocator
ResponsiblePersonRole ResponsibleOrganization ClinicalTrialSubjectID
ClinicalTrialSubjectReadingID ClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialSponsorName
ClinicalTrialProtocolID ClinicalTrialProtocolName ClinicalTrialTimePointID
ClinicalTrialTimePointDescription ClinicalTrialCoordinatingCenterName ClinicalTrialSeriesID
ClinicalTrialSeriesDescription PatientSpeciesDescription PatientBreedDescription
BreedRegistrationNumber PatientIdentityRemoved DeidentificationMethod
DeidentificationMethodCodeSequence
"""
_OF_THE_EXAMINATION = """
AccessionNumber IssuerOfAccessionNumberSequence StudyID StudyDescription SeriesDescription
StudyComments ProtocolName AdmissionID IssuerOfAdmissionID AdmittingDiagnosesDescription
AdmittingDiagnosesCodeSequence ServiceEpisodeID ServiceEpisodeDescription VisitComments
VisitStatusID CurrentPatientLocation ReasonForStudy ReasonForVisit
ReasonForTheRequestedProcedure ReasonForTheImagingServiceRequest RequestedProcedureID
RequestedProcedureDescription RequestedProcedureComments RequestedProcedureLocation
RequestingService RequestAttributesSequence PerformedProcedureStepID
PerformedProcedureStepDescription PerformedLocation ScheduledProcedureStepID
ScheduledProcedureStepDescription ScheduledProcedureStepLocation ScheduledStationAETitle
ScheduledStationName PerformedStationName PerformedStationAETitle
CommentsOnThePerformedProcedureStep ImagingServiceRequestComments
PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest
OrderEntererLocation OrderCallbackPhoneNumber ConfidentialityConstraintOnPatientDataDescription
InterpretationText InterpretationDiagnosisDescription InterpretationID ResultsID ResultsComments
Impressions DistributionAddress InstitutionName InstitutionAddress InstitutionCodeSequence
InstitutionalDepartmentName InstitutionalDepartmentTypeCodeSequence StationName StationAETitle
ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers
ReferringPhysicianIdentificationSequence ConsultingPhysicianIdentificationSequence
PhysiciansOfRecordIdentificationSequence PerformingPhysicianIdentificationSequence
PhysiciansReadingStudyIdentificationSequence RequestingPhysicianIdentificationSequence
OperatorIdentificationSequence PersonIdentificationCodeSequence PersonAddress
PersonTelephoneNumbers PersonTelecomInformation
"""
_OF_THE_DEVICE_AND_FREE = """
DeviceSerialNumber DeviceUID DeviceID DeviceDescription DetectorID GantryID PlateID CassetteID
GeneratorID LensMake XRaySourceID UniqueDeviceIdentifier DeviceSettingDescription ImageComments
FrameComments AcquisitionComments AcquisitionDeviceProcessingDescription
AcquisitionProtocolDescription DerivationDescription ContentLabel ContentDescription
OverlayComments TextComments TextString TextValue UnformattedTextValue UnformattedText
GraphicAnnotationSequence ContentSequence IdentifyingComments ContributionDescription
DetectorCalibrationDetails ContrastBolusAgent ModifiedImageDescription ModifyingSystem
SourceOfPreviousValues TimezoneOffsetFromUTC OriginalAttributesSequence
ModifiedAttributesSequence DigitalSignaturesSequence EncryptedAttributesSequence
DataSetTrailingPadding IconImageSequence InstanceOriginStatus RetrieveAETitle
SourceApplicationEntityTitle SendingApplicationEntityTitle ReceivingApplicationEntityTitle
PrivateInformation NetworkID StorageMediaFileSetID LabelText BarcodeValue UserContentLabel
UserContentLongLabel SpecimenAccessionNumber ContainerIdentifier SpecimenIdentifier
"""
_LISTED = frozenset(f"{_OF_THE_PATIENT} {_OF_THE_EXAMINATION} {_OF_THE_DEVICE_AND_FREE}".split())

_PLAIN_WORDS = re.compile(
    r"patient|subject|name|birth|\bid\b|(?<![a-z])id$|date|time|physician|institution|hospital|"
    r"operator|accession|descrip|comment|content|aux_file|intent_name|db_|uid|address|serial|"
    r"station|history",
    re.IGNORECASE,
)
_NOT_NAMES = frozenset({"datatype", "slice duration", "slice_duration", "toffset"})


def is_identifying(keyword: str, kind: str, group: int) -> bool:
    """Whether a DICOM element can tell whose image it is.

    Parameters
    ----------
    keyword
        Its keyword, empty for private and unknown elements.
    kind
        Its value representation (``"PN"``, ``"LO"``, ...).
    group
        The first half of its tag; odd groups are private.
    """
    if group % 2 or not keyword or 0x5000 <= group <= 0x50FF:
        return True
    if kind in _KINDS:
        return keyword not in _TELLING
    return keyword in _LISTED


def is_identifying_field(name: str) -> bool:
    """Whether a field of another format's header can tell whose image it is, by its name."""
    return name.lower() not in _NOT_NAMES and bool(_PLAIN_WORDS.search(name))


def speaks_of(text: str, secrets: frozenset[str]) -> bool:
    """Whether a text holds one of the words that are kept back (a part of a name, a number)."""
    words = {word for word in re.split(r"[\W_]+", text.lower()) if word}
    return bool(words & secrets)
