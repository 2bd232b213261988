"""The ``medssl`` command: one file a verb.

Exit codes: 0 done; 2 refused input, with one clear line; 1 anything else.
"""

from __future__ import annotations

from medssl.cli.entry import main

__all__ = ["main"]
