"""What a protocol says: its landmarks, its measurements, its templates."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from medssl.cohort.records import Side
from medssl.io.measuring import Shape

TEMPLATE_FILE = r"^template-[0-9]{1,4}\.nrrd$"
Kind = Literal["distance", "angle", "ratio"]
COUNTS = {"distance": (2,), "angle": (3, 4), "ratio": (4,)}
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LandmarkDefinition(_Part):
    """A landmark: its name, what it is, its colour (``"#rrggbb"``) and side of the body."""

    name: Name
    text: str = ""
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    side: Side | None = None


class MeasurementDefinition(_Part):
    """What is measured: a distance of two landmarks, an angle of three or four, a ratio of four.

    The angle of three is that at the second; of four that between the line from the first to the
    second and the line from the third to the fourth, 0 to 180 degrees. The ratio is the distance
    of the first two to that of the last two.
    """

    name: Name
    kind: Kind
    landmarks: tuple[Name, ...]

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        wanted = COUNTS[self.kind]
        if len(self.landmarks) not in wanted:
            counts = " or ".join(str(count) for count in wanted)
            a = "an" if self.kind == "angle" else "a"
            raise ValueError(
                f"{self.name!r}: {a} {self.kind} needs {counts} landmarks, not "
                f"{len(self.landmarks)}"
            )
        ends = list(zip(self.landmarks[::2], self.landmarks[1::2], strict=False))
        if len(self.landmarks) == 3:
            ends = [self.landmarks[:2], self.landmarks[1:]]
        if any(one == other for one, other in ends):
            raise ValueError(f"{self.name!r}: a line needs two different landmarks")
        return self

    @property
    def shape(self) -> Shape:
        """The kind, with the two kinds of angles told apart."""
        if self.kind == "angle" and len(self.landmarks) == 4:
            return "angle between lines"
        return self.kind

    @property
    def text(self) -> str:
        """What is measured, as `parse_measurement` reads it without the name."""
        quoted = (f'"{n}"' if set(n) & set(',"()') else n for n in self.landmarks)
        return f"{self.kind}({', '.join(quoted)})"


class TemplateDefinition(_Part):
    """An image with known points: its file beside the protocol's, and landmark to ``(z, y, x)``."""

    file: Annotated[str, Field(pattern=TEMPLATE_FILE)]
    points: dict[Name, tuple[FiniteFloat, ...]]


class Seen(_Part):
    """Errors that were seen: how many, and the mean of their squares.

    They are errors along one axis, as shares of the image's longest side.
    """

    n: Annotated[int, Field(ge=0)] = 0
    mean_square: Annotated[FiniteFloat, Field(ge=0)] = 0.0


class SeenErrors(_Part):
    """What is known of the points' errors: clicks by landmark, predictions by level."""

    clicks: dict[Name, Seen] = {}
    found: dict[Literal["high", "check", "low"], Seen] = {}


class ProtocolDefinition(_Part):
    """The content of ``protocol.json``.

    Parameters
    ----------
    format
        Version of the format.
    name
        What it is called.
    made, medssl
        When (UTC, ISO 8601), and by which version of medssl.
    model
        ``"instant"``, or ``"model"`` where the protocol holds a model folder of that name.
    model_name
        What the model is called.
    landmarks, measurements, templates
        What is to be found, what is measured, and the examples.
    errors
        What was known of the errors of clicks and predictions where the protocol was made.
    """

    format: Literal[1] = 1
    name: Name
    made: str = ""
    medssl: str = ""
    model: Literal["instant", "model"] = "instant"
    model_name: str = "instant"
    landmarks: tuple[LandmarkDefinition, ...]
    measurements: tuple[MeasurementDefinition, ...] = ()
    templates: tuple[TemplateDefinition, ...]
    errors: SeenErrors = SeenErrors()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [landmark.name for landmark in self.landmarks]
        _refuse_twice("landmark", names)
        _refuse_twice("measurement", [one.name for one in self.measurements])
        _refuse_twice("template", [one.file for one in self.templates])
        if not names:
            raise ValueError("it has no landmarks")
        for one in self.measurements:
            absent = [name for name in one.landmarks if name not in names]
            if absent:
                raise ValueError(
                    f"{one.name!r} is measured from {absent[0]!r}, which is no landmark"
                )
        shown = {name for template in self.templates for name in template.points}
        without = [name for name in names if name not in shown]
        if without:
            raise ValueError(f"no template shows {without[0]!r}")
        if shown - set(names):
            raise ValueError(f"a template shows {min(shown - set(names))!r}, which is no landmark")
        return self


def _refuse_twice(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the {what} {twice[0]!r} comes twice")
