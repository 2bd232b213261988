"""A forecast in words."""

from __future__ import annotations

from medssl.pretrain.memory import where_to_set
from medssl.pretrain.recipe import Recipe


def describe(
    steps: int,
    seconds: float,
    step_seconds: float,
    memory_mb: int,
    free_mb: int,
    disk_mb: int,
    runs: int,
) -> str:
    """Say time, memory and disk, and where the figures come from.

    Examples
    --------
    >>> describe(540, 480, 0.79, 1800, 23000, 70, 0)
    'About 540 steps in 8 min (0.8 s each), 1.8 of 22.5 GiB memory, 70 MiB disk; as counted.'
    """
    source = "as counted"
    if runs:
        source = f"as {runs} earlier run{'' if runs == 1 else 's'} took"
    return (
        f"About {steps:,} steps in {duration(seconds)} ({_short(step_seconds)} each), "
        f"{memory_mb / 1024:.1f} of {free_mb / 1024:.1f} GiB memory, {disk_mb} MiB disk; {source}."
    )


def warn(
    memory_mb: int, free_mb: int, batch: int, recipe: Recipe, free_disk_mb: int, disk_mb: int
) -> str:
    """Say what will not fit and what to do; empty where all fits."""
    words = []
    if memory_mb > free_mb:
        needed = f"{memory_mb / 1024:.1f} GiB of memory are needed, {free_mb / 1024:.1f} are free"
        if batch:
            smaller = f"take a batch of {batch} instead of {recipe.batch}"
            words.append(f"{needed}: {smaller} {where_to_set(batch)}.")
        else:
            words.append(
                f"{needed}, too little for any batch: close other programs, or train on a computer "
                "with more memory."
            )
    if disk_mb > free_disk_mb:
        words.append(
            f"{disk_mb} MiB of disk are needed, {free_disk_mb} are free: free some, or name "
            "another disk with MEDSSL_CACHE and MEDSSL_RUNS."
        )
    return " ".join(words)


def duration(seconds: float) -> str:
    """Say a time as a person would.

    Examples
    --------
    >>> duration(42), duration(480), duration(3 * 3600 + 1200), duration(3 * 86400)
    ('42 s', '8 min', '3 h 20 min', '3 d 0 h')
    """
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def _short(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds * 1000:.0f} ms"
