"""What is found once in a cohort, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from medssl.errors import StorageError


def save_tensors(tensors: Mapping[str, Tensor], path: Path, what: str) -> None:
    """Write tensors to a safetensors file, whole or not at all.

    Parameters
    ----------
    tensors
        By name.
    path
        Where to.
    what
        Names them in an error.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    temporary = path.with_suffix(".part")
    try:
        save_file({name: value.contiguous() for name, value in tensors.items()}, temporary)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"{path}: {what} cannot be written ({error}). Free some space "
            "or choose a folder that you may write to."
        ) from error
