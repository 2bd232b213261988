"""What a job is asked to do: one typed model for form, command line and ``job.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from medssl.errors import FileRefusedError
from medssl.landmarks.refine.settings import RefineSettings
from medssl.lesions.settings import LesionSettings
from medssl.pretrain.preview import PreviewSettings
from medssl.pretrain.settings import PretrainSettings
from medssl.runs import RunFolder
from medssl.segment.shape_guided.settings import ShapeSettings
from medssl.transfer.settings import FinetuneSettings

FORMAT = 1
Images = Annotated[
    tuple[str, ...],
    Field(min_length=1, description="A folder of images, files, or a list with a path a line."),
]
Name = Annotated[str, Field(description="Name to show; empty: the run folder's.")]
Threads = Annotated[
    int | None,
    Field(
        ge=1,
        description="Threads of the processor. Empty: in the background all cores but one, "
        "otherwise all.",
    ),
]


class PretrainRequest(BaseModel):
    """Learn from unlabelled images."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["pretrain"] = "pretrain"
    name: Name = ""
    images: Images
    settings: PretrainSettings
    preview: PreviewSettings | None = Field(
        default=PreviewSettings(), description="What is shown while it runs; empty: nothing."
    )
    threads: Threads = None

    @property
    def device(self) -> str:
        """Device that the job computes on, as it was asked for."""
        return self.settings.device


class EmbedRequest(BaseModel):
    """Embed images densely into the cache; later clicks on them answer at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["embed"] = "embed"
    name: Name = ""
    images: Images
    model: str = Field(default="instant", description="Model folder, run folder, or instant.")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")
    threads: Threads = None


class RefineRequest(BaseModel):
    """Learn from the points of a cohort's persons, and find their landmarks again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["refine"] = "refine"
    name: Name = ""
    cohort: str = Field(min_length=1, description="Folder of the cohort.")
    landmarks: tuple[str, ...] = Field(
        default=(), description="Names; empty: all that a person has set somewhere."
    )
    model: str = Field(default="instant", description="Model folder, run folder, or instant.")
    settings: RefineSettings = RefineSettings()
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")
    threads: Threads = None


class LesionRequest(BaseModel):
    """Learn from labels of whole images to tell and to show lesions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["lesions"] = "lesions"
    name: Name = ""
    images: Images
    labels: str = Field(description="Table with the column image first.")
    columns: tuple[str, ...] = Field(
        default=("label",), min_length=1, description="Of the class, or of findings 0 and 1."
    )
    normal: str = Field(default="normal", description="The class without lesion.")
    model: str = Field(default="random", description="Model folder, run folder, or random.")
    sliced: bool = Field(default=False, description="random: volumes slice by slice.")
    settings: LesionSettings
    threads: Threads = None

    @property
    def device(self) -> str:
        """Device that the job computes on, as it was asked for."""
        return self.settings.learning.device


class SegmentRequest(BaseModel):
    """Learn masks of structures from few labelled images, and segment all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["segment"] = "segment"
    name: Name = ""
    images: Images
    masks: str = Field(description="Folder of the masks.")
    structures: dict[str, tuple[str, ...]] | None = Field(
        default=None, description="Name to its parts; empty: all that occur."
    )
    labelled: str = Field(default="all", description="How many are learned from: N, P% or all.")
    model: str = Field(default="random", description="Model folder, run folder, or random.")
    settings: FinetuneSettings
    threads: Threads = None

    @property
    def device(self) -> str:
        """Device that the job computes on, as it was asked for."""
        return self.settings.device


class ShapeRequest(BaseModel):
    """Find a shape in unlabelled images, from masks that belong to none of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["shape"] = "shape"
    name: Name = ""
    images: Images
    prior: str = Field(description="Folder of masks of the shape, of other images.")
    label: str | None = Field(
        default=None, description="Value or name of the shape, where masks have several."
    )
    fields: str | None = Field(
        default=None, description="Folder of masks of the field of view; empty: it is found."
    )
    model: str = Field(default="random", description="Model folder, run folder, or random.")
    settings: ShapeSettings
    threads: Threads = None

    @property
    def device(self) -> str:
        """Device that the job computes on, as it was asked for."""
        return self.settings.device


AnyRequest = (
    PretrainRequest | EmbedRequest | RefineRequest | LesionRequest | SegmentRequest | ShapeRequest
)
Request = Annotated[AnyRequest, Field(discriminator="verb")]
_ANY_REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(Request)
_REMEDY = "Put job.json back as it was, or start a new run."


def read_request(folder: str | Path) -> AnyRequest:
    """Read the request of a run folder.

    Raises
    ------
    FileRefusedError
        If it is missing, damaged, of a later format, or asks for what cannot be.
    """
    path = Path(folder) / "job.json"
    try:
        job = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileRefusedError(path, "the run's request is missing", _REMEDY) from error
    except (OSError, ValueError) as error:
        raise FileRefusedError(path, f"the request is damaged ({error})", _REMEDY) from error
    if not isinstance(job, dict) or not isinstance(job.get("request"), dict):
        raise FileRefusedError(path, "it holds no request", _REMEDY)
    if job.get("format") != FORMAT:
        raise FileRefusedError(
            path,
            f"its format is {job.get('format')!r}, not {FORMAT}",
            "Update medssl if a newer version wrote it; otherwise put it back as it was.",
        )
    try:
        return _ANY_REQUEST.validate_python(job["request"])
    except ValidationError as error:
        raise FileRefusedError(path, _first_problem(error), _REMEDY) from error


def job_of(request: AnyRequest) -> dict[str, Any]:
    """Return what ``job.json`` holds before the job is begun."""
    return {
        "format": FORMAT,
        "verb": request.verb,
        "request": request.model_dump(mode="json"),
    }


def write_request(run: RunFolder, request: AnyRequest) -> None:
    """Put a request into a run folder in place of the one that is there."""
    run.write_job((run.read_job() or {}) | job_of(request))


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, ("request", *first["loc"])))
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
