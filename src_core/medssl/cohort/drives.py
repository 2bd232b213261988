"""On what kind of drive a cohort lies: SQLite's write-ahead log cannot be used over a network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from medssl.errors import SettingsError

ENVIRONMENT_VARIABLE = "MEDSSL_COHORT_JOURNAL"
NETWORK = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.davfs2", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs3", "nfs4", "ocfs2", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "vboxsf",
})  # fmt: skip
"""File systems that several computers may write to at once, as the systems name them."""

Mode = Literal["wal", "rollback"]


def wanted_journal(folder: Path) -> Mode:
    """Choose how commits are kept: a rollback journal on network drives, else a write-ahead log.

    ``MEDSSL_COHORT_JOURNAL`` (``wal`` or ``rollback``) overrules what is found.

    Raises
    ------
    SettingsError
        If the variable holds something else.
    """
    given = os.environ.get(ENVIRONMENT_VARIABLE, "").strip().lower()
    if given in ("wal", "rollback"):
        return "wal" if given == "wal" else "rollback"
    if given:
        raise SettingsError(
            f"{ENVIRONMENT_VARIABLE} is {given!r}. Set it to wal or rollback, or leave it out."
        )
    return "rollback" if is_network_drive(folder) else "wal"


def is_network_drive(folder: Path) -> bool:
    """Whether a folder lies on a drive that the system says is another computer's."""
    import psutil

    place = os.path.realpath(folder)
    if place.startswith("\\\\"):
        return True
    best, kind, options = "", "", ""
    for drive in psutil.disk_partitions(all=True):
        root = drive.mountpoint.rstrip("/\\")
        inside = place == root or place.startswith((root + "/", root + "\\"))
        if inside and len(drive.mountpoint) >= len(best):
            best, kind, options = drive.mountpoint, drive.fstype, drive.opts
    return kind.lower() in NETWORK or "remote" in options.split(",")
