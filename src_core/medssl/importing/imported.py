"""A net with weights of a file, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from medssl.errors import FileRefusedError, SettingsError
from medssl.importing.settings import ImportSettings
from medssl.importing.standardising import standardise
from medssl.models import CARD_NAME, DataInfo, EmbeddingInfo, ModelCard, save_model
from medssl.nets import DenseNet


@dataclass
class ImportedModel:
    """A net with weights of a file, and what was found in the file.

    Parameters
    ----------
    net
        The net.
    settings
        What was asked for.
    source
        Name of the file, without its folder.
    sha256
        Of the file.
    naming
        Whose names its tensors have.
    prefix
        What precedes the encoder's names in the file.
    matched
        Tensors of each part of the net that are from the file, and how many it has.
    unmatched_in_file
        Tensors that lie beside these and were not used.
    left_random
        Tensors of the net that the file does not have.
    notes
        What was done to the weights, and what to know.
    statistics_in_file
        Whether the file has the statistics of an embedding that no head learns.
    standardised_on
        Images that these statistics are from; None where they are not from images.
    """

    net: DenseNet
    settings: ImportSettings
    source: str
    sha256: str
    naming: str
    prefix: str
    matched: dict[str, tuple[int, int]]
    unmatched_in_file: list[str]
    left_random: list[str]
    notes: list[str]
    statistics_in_file: bool = False
    standardised_on: int | None = None

    def standardise(self, arrays: Iterable[NDArray[Any]]) -> None:
        """Take the embedding's statistics from prepared images ``(C, *spatial)``, 0 to 1.

        Raises
        ------
        SettingsError
            If the embedding was trained and needs none.
        """
        self.require_standardised()
        self.standardised_on = standardise(self.net, arrays)

    def require_standardised(self) -> None:
        """Refuse a net whose embedding was trained: it has no statistics to take from images.

        Raises
        ------
        SettingsError
            If it is such a net.
        """
        if self.net.architecture.embedding_of == "head":
            raise SettingsError(
                f"{self.source}: its embedding was trained and is not standardised. "
                "Leave --images away"
            )

    def report(self) -> dict[str, Any]:
        """Return all of it in plain values."""
        architecture = self.net.architecture
        return {
            "source": self.source,
            "sha256": self.sha256,
            "naming": self.naming,
            "prefix": self.prefix,
            "matched": sum(found for found, _ in self.matched.values()),
            "parts": {name: list(counts) for name, counts in self.matched.items()},
            "unmatched_in_file": self.unmatched_in_file,
            "left_random": self.left_random,
            "embedding_of": architecture.embedding_of,
            "stride": architecture.out_stride,
            "channels": architecture.embedding_channels,
            "restoration": architecture.restoration,
            "standardised_on": self.standardised_on,
            "notes": [*self.notes, self._about_embedding()],
        }

    def _about_embedding(self) -> str:
        of = self.net.architecture.embedding_of
        if of == "head":
            return "the embedding is that of the head in the file"
        start = f"the embedding is the {of}'s map"
        if self.standardised_on is not None:
            return f"{start}, standardised over {self.standardised_on} images"
        if self.statistics_in_file:
            return f"{start}, standardised as in the file"
        return f"{start}, not standardised (mean 0, variance 1): --images FOLDER does it"

    def save(self, folder: Path) -> Path:
        """Write a model folder.

        Raises
        ------
        FileRefusedError
            If there is a model in it already.
        StorageError
            If it cannot be written.
        """
        require_free(folder)
        architecture = self.net.architecture
        told = self.report()
        kept = ("source", "sha256", "matched", "unmatched_in_file", "left_random", "notes")
        card = ModelCard(
            architecture=architecture,
            input=self.settings.prepare,
            embedding=EmbeddingInfo(
                channels=architecture.embedding_channels, stride=architecture.out_stride
            ),
            recipe={"name": "imported"} | {name: told[name] for name in kept},
            data=DataInfo(n_images=0),
            licence=self.settings.licence,
        )
        return save_model(folder, self.net, card)


def require_free(folder: Path) -> None:
    """Refuse a folder that holds a model.

    Raises
    ------
    FileRefusedError
        If it does.
    """
    if (folder / CARD_NAME).exists():
        raise FileRefusedError(folder, "it holds a model already", "Name a new folder with --out.")
