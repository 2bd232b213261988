"""The heavy part of the Pretraining dock: read folders, name devices, forecast, make requests.

Everything here runs in a background thread; torch is imported inside the calls.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from medssl.errors import MedsslError
from medssl.progress import Progress
from napari_medssl.engine import Where, majority_dimension
from napari_medssl.listing import image_places
from napari_medssl.session.status import no_image_words
from napari_medssl.training.request import Choice, Device, Images, Outlook
from napari_medssl.training.words import duration_words, memory_words

if TYPE_CHECKING:
    from medssl.io import ImageSource

_LOOKED_INTO = 3


class TrainingEngine(Protocol):
    """What the dock asks of the heavy part; tests give it a light one."""

    def inspect(self, where: Where, progress: Progress) -> Images:
        """Look at a folder or files: how many images, pictures or volumes."""

    def schemas(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """JSON schemas of the settings and of the preview's, for the expert section."""

    def devices(self) -> list[Device]:
        """Devices that there are, the automatic choice first."""

    def outlook(self, images: Images, choice: Choice, progress: Progress) -> Outlook:
        """Forecast time, memory and disk."""

    def create(self, images: Images, choice: Choice) -> Path:
        """Write the request of a run; give its folder."""


class CoreTraining:
    """The heavy part on medssl's own core."""

    def inspect(self, where: Where, progress: Progress) -> Images:
        """Look at a folder or files: how many images, pictures or volumes.

        Raises
        ------
        medssl.errors.MedsslError
            If no image can be read.
        """
        from medssl.io import list_images

        where = image_places(where, progress)
        listing = list_images(where, progress)
        if not listing.sources:
            raise MedsslError(no_image_words(listing))
        sources = listing.sources
        ndim = majority_dimension(sources)
        some = sources[:: max(1, len(sources) // _LOOKED_INTO)][:_LOOKED_INTO]
        shapes = tuple(shape for source in some if (shape := _shape(source, ndim)) is not None)
        return Images(where, len(sources), ndim, shapes, listing.problems)

    def schemas(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """JSON schemas of the settings and of the preview's, for the expert section."""
        from medssl.pretrain import PretrainSettings
        from medssl.pretrain.preview import PreviewSettings

        return PretrainSettings.model_json_schema(), PreviewSettings.model_json_schema()

    def devices(self) -> list[Device]:
        """Devices that there are, the automatic choice first."""
        import torch

        found = [Device("cpu", f"CPU · {memory_words(_memory_mb())}")]
        if torch.backends.mps.is_available():
            found.insert(0, Device("mps", f"Apple GPU · {memory_words(_memory_mb())}"))
        cards = [
            Device(f"cuda:{number}" if number else "cuda", _card_words(number))
            for number in range(torch.cuda.device_count())
        ]
        return [Device("auto", (cards + found)[0].words), *cards, *found]

    def outlook(self, images: Images, choice: Choice, progress: Progress) -> Outlook:
        """Forecast time, memory and disk.

        Raises
        ------
        medssl.errors.MedsslError
            If the settings are not possible.
        """
        from medssl.jobs.forecast import forecast
        from medssl.pretrain import make_settings

        progress(0, 0, "")
        shapes = [images.shapes[n % len(images.shapes)] for n in range(images.count)]
        told = forecast(make_settings(**choice.settings(images)), shapes)
        words = " · ".join(
            (
                f"About {duration_words(told.seconds)}",
                f"{told.steps:,} steps",
                f"memory {memory_words(told.memory_mb)}",
                f"disk {memory_words(told.disk_mb)}",
            )
        )
        if told.warning:
            return Outlook(f"{words}. {told.warning}", told.text, fits=False)
        return Outlook(words, told.text)

    def create(self, images: Images, choice: Choice) -> Path:
        """Write the request of a run; give its folder.

        Raises
        ------
        medssl.errors.MedsslError
            If the settings are not possible, or nothing can be written.
        """
        from medssl.jobs import PretrainRequest, create_job
        from medssl.pretrain import make_settings
        from medssl.pretrain.preview import PreviewSettings

        request = PretrainRequest(
            verb="pretrain",
            name=images.name,
            images=images.paths,
            settings=make_settings(**choice.settings(images)),
            preview=PreviewSettings(**choice.preview),
        )
        return create_job(request)


def _shape(source: ImageSource, ndim: int) -> tuple[int, ...] | None:
    """Size in cubic voxels; None for an image that cannot be read or is of the other kind."""
    from medssl.jobs.forecast_shapes import cubic_shape
    from medssl.prepare.orientation import as_picture, working_ndim

    try:
        image = source.read().frame(0)
        if working_ndim(image.grid) != ndim:
            return None
        return cubic_shape((as_picture(image) if ndim == 2 else image).grid)
    except MedsslError:
        return None


def _memory_mb() -> float:
    import psutil

    return float(psutil.virtual_memory().total) / 2**20


def _card_words(number: int) -> str:
    import torch

    card = torch.cuda.get_device_properties(number)
    return f"{card.name} · {memory_words(card.total_memory / 2**20)}"
