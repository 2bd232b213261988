"""The runs of a user: where they lie, what they are, and their deletion."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medssl.errors import FileRefusedError, SettingsError, StorageError
from medssl.runs.events import EVENTS_FILE
from medssl.runs.folder import RunFolder
from medssl.runs.state import ACTIVE_STATES
from medssl.runs.status import RunStatus, read_status

ENVIRONMENT_VARIABLE = "MEDSSL_RUNS"
_RECIPES = {
    "ld": "LD",
    "dira-moco": "DiRA · MoCo",
    "dira-barlow": "DiRA · Barlow Twins",
    "dira-simsiam": "DiRA · SimSiam",
    "dira-visual-words": "DiRA · visual words",
    "ld+dira": "LD + DiRA",
}


@dataclass(frozen=True)
class RunSummary:
    """A line in a list of runs.

    Parameters
    ----------
    path
        Run folder.
    id
        Name of the folder.
    name
        Name that a person gave, or the folder's.
    verb
        What it does: pretrain, embed, lesions; empty where it cannot be read.
    method
        How, in short: "LD quick".
    status
        Where it stands.
    created
        When it was made, seconds since 1970.
    images
        Number of images that it works on; 0 until they are prepared.
    """

    path: Path
    id: str
    name: str
    verb: str
    method: str
    status: RunStatus
    created: float
    images: int


def runs_root() -> Path:
    """Folder of the user's runs: ``$MEDSSL_RUNS``, else in the user's data folder."""
    given = os.environ.get(ENVIRONMENT_VARIABLE)
    if given:
        return Path(given)
    if os.name == "nt":
        data = Path(os.environ.get("LOCALAPPDATA", Path.home()))
    elif sys.platform == "darwin":
        data = Path.home() / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return data / "napari-medssl" / "runs"


def list_runs(root: str | Path | None = None) -> list[RunSummary]:
    """List the runs in a folder, newest first; a damaged one is listed as failed.

    Parameters
    ----------
    root
        Folder of runs, by default `runs_root`.
    """
    root = runs_root() if root is None else Path(root)
    try:
        folders = [path for path in root.iterdir() if is_run_folder(path)]
    except OSError:
        return []
    return sorted(map(summarise, folders), key=lambda run: (run.created, run.id), reverse=True)


def is_run_folder(path: str | Path) -> bool:
    """Whether a folder is a run: it holds a request or events, and is no link."""
    path = Path(path)
    if path.name.startswith(".") or path.is_symlink() or not path.is_dir():
        return False
    return (path / "job.json").is_file() or (path / EVENTS_FILE).is_file()


def summarise(path: str | Path) -> RunSummary:
    """Describe one run; never raises for what is in the folder."""
    path = Path(path)
    status = read_status(path)
    job, problem = _read_job(path / "job.json")
    if problem and status.state not in ACTIVE_STATES:
        status = replace(status, state="failed", message=problem)
    request = _mapping(job, "request")
    inputs = job.get("inputs")
    return RunSummary(
        path=path,
        id=path.name,
        name=str(request.get("name") or path.name),
        verb=str(job.get("verb") or ""),
        method=_method(job, request),
        status=status,
        created=_created(path, job, status),
        images=len(inputs) if isinstance(inputs, list) else 0,
    )


def delete_run(path: str | Path) -> None:
    """Delete a run folder with all that is in it, model included.

    Raises
    ------
    SettingsError
        If a process works on it.
    FileRefusedError
        If the folder is no run, or a link.
    StorageError
        If it cannot be deleted.
    """
    path = Path(path)
    if not is_run_folder(path):
        raise FileRefusedError(path, "this is no run folder", "Delete it by hand if you mean it.")
    if read_status(path).state in ACTIVE_STATES or RunFolder(path).holder() is not None:
        raise SettingsError(f"{path}: this run is active. Stop it first, then delete it.")
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be deleted whole ({error.strerror or error}). "
            "Close what has it open and delete it again."
        ) from error


def _read_job(path: Path) -> tuple[dict[str, Any], str]:
    """Return the request and, if it cannot be read, why."""
    remedy = "Put job.json back as it was, or delete the run."
    try:
        job = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, f"{path}: the run's request is missing. {remedy}"
    except (OSError, ValueError) as error:
        return {}, f"{path}: the run's request is damaged ({error}). {remedy}"
    if not isinstance(job, dict):
        return {}, f"{path}: this is no request of a run. {remedy}"
    return job, ""


def _mapping(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _method(job: dict[str, Any], request: dict[str, Any]) -> str:
    if job.get("verb") in ("embed", "refine", "lesions", "segment", "shape"):
        return str(request.get("model") or "")
    settings = _mapping(request, "settings")
    recipe, preset = str(settings.get("recipe") or ""), str(settings.get("preset") or "")
    if settings.get("custom"):
        preset = "custom"
    return f"{_RECIPES.get(recipe, recipe)} {preset}".strip()


def _created(path: Path, job: dict[str, Any], status: RunStatus) -> float:
    created = job.get("created")
    if isinstance(created, int | float):
        return float(created)
    try:
        return (path / "job.json").stat().st_mtime
    except OSError:
        return status.since
