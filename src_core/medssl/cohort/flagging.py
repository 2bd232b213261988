"""What a person must know of an image that is added: from its header and its pixels."""

from __future__ import annotations

from medssl.io.burnt_text import has_text
from medssl.io.dicom_flags import TEXT_SAID, TEXT_SEEN, Flag, read_flags
from medssl.io.image import Image
from medssl.io.sources import ImageSource

TEXT = frozenset({TEXT_SAID, TEXT_SEEN})


def flags_of_image(source: ImageSource, image: Image) -> tuple[Flag, ...]:
    """Give the flags of an image that was read; text is looked for where the header is silent.

    Raises
    ------
    FileRefusedError
        If its header cannot be read.
    """
    said = read_flags(source.files)
    if TEXT_SAID not in said and has_text(image):
        return (*said, TEXT_SEEN)
    return said
