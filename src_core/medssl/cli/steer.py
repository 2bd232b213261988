"""``medssl stop``, ``pause``, ``resume`` and ``logs``: steer and read a run."""

from __future__ import annotations

import json as json_text
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from medssl.cli.output import out, say
from medssl.cli.run_argument import Run, find_run

WAIT_SECONDS = 0.2


def stop(
    run: Run,
    wait: Annotated[bool, typer.Option("--wait", help="Return when it has left.")] = False,
    kill: Annotated[
        bool, typer.Option("--kill", help="End it at once; steps since its checkpoint are lost.")
    ] = False,
) -> None:
    """Let a run save and leave, within a step."""
    from medssl.runs import ACTIVE_STATES, kill_job, read_status, stop_job

    path = find_run(run)
    if kill:
        say("killed" if kill_job(path) else f"nothing works on this run: {_state(path)}")
        return
    stop_job(path)
    while wait and read_status(path).state in ACTIVE_STATES:
        time.sleep(WAIT_SECONDS)
    say(_state(path))


def pause(run: Run) -> None:
    """Let a run save and wait; `medssl resume` lets it go on."""
    from medssl.runs import pause_job

    path = find_run(run)
    pause_job(path)
    say(_state(path))


def resume(run: Run) -> None:
    """Let a paused run go on, or start one again in the background."""
    from medssl.runs import resume_job

    path = find_run(run)
    resume_job(path)
    say(_state(path))


def logs(
    run: Run,
    lines: Annotated[int, typer.Option("--lines", "-n", help="Last lines to show.", min=1)] = 30,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on showing until the run ends.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The events as they are stored.")] = False,
) -> None:
    """Show the last events of a run."""
    from medssl.runs import ACTIVE_STATES, EventReader, read_status

    path = find_run(run)
    reader = EventReader(path)
    events: list[dict[str, Any]] = []
    while block := reader.read():
        events = [*events, *block][-lines:]
    while True:
        for event in events:
            text = json_text.dumps(event) if json else describe(event)
            out.print(text, markup=False, soft_wrap=True)
        if not follow or (not events and read_status(path).state not in ACTIVE_STATES):
            return
        time.sleep(WAIT_SECONDS)
        events = reader.read()


def describe(event: dict[str, Any]) -> str:
    """One line about an event, for a person."""
    moment = event.get("t")
    clock = time.strftime("%H:%M:%S", time.localtime(moment)) if moment else "--:--:--"
    return f"{clock}  {event['kind']:<8}  {_text(event)}".rstrip()


def _text(event: dict[str, Any]) -> str:
    kind = event["kind"]
    if kind == "error":
        return f"{event.get('message', '')} {event.get('remedy', '')}".strip()
    if kind == "progress":
        return f"{event.get('done')}/{event.get('total')} {event.get('message', '')}"
    if kind == "log" and "message" in event:
        level = event.get("level")
        return f"{level}: {event['message']}" if level else str(event["message"])
    shown = {name: value for name, value in event.items() if name not in ("t", "kind")}
    return "  ".join(f"{name} {value}" for name, value in shown.items())


def _state(path: Path) -> str:
    from medssl.runs import read_status

    status = read_status(path)
    steps = f", step {status.step} of {status.steps}" if status.steps else ""
    return f"{path.name}: {status.state}{steps}"
