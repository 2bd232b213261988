"""Codes that stand for patients and studies, so that their real ids are nowhere in a cohort.

A code is a keyed hash of the id. The key is drawn at random for each cohort and lies in its
database: whoever has the whole folder and a list of ids can find out which code is whose; whoever
sees a table, a picture of the window or an export cannot.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Literal

_BYTES = 6


def code_of(kind: Literal["P", "S"], given: str, secret: str) -> str:
    """Give the code of a patient (``P-…``) or study (``S-…``); empty where no id is given."""
    if not given.strip():
        return ""
    hashed = hashlib.blake2b(
        f"{kind} {given.strip()}".encode(), digest_size=_BYTES, key=bytes.fromhex(secret)
    )
    return f"{kind}-{hashed.hexdigest()}"


def read_secret(connection: sqlite3.Connection) -> str:
    """Read the cohort's key."""
    (secret,) = connection.execute("SELECT secret FROM facts").fetchone()
    return str(secret)
