"""``python -m medssl`` is the ``medssl`` command."""

from __future__ import annotations

from medssl.cli import main

main()
