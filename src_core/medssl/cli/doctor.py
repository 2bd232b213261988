"""``medssl doctor``: what this machine offers and what is missing."""

from __future__ import annotations

from rich.table import Table

from medssl.cli.output import JsonFlag, out, print_json, say

STYLES = {"ok": "green", "note": "yellow", "missing": "red"}


def doctor(json: JsonFlag = False) -> None:
    """Show versions, devices, libraries and the cache, and what is missing."""
    from medssl.doctor import diagnose, summary

    findings = diagnose()
    if json:
        print_json(summary(findings))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "what", "found", "to do"):
        table.add_column(heading, overflow="fold")
    section = ""
    for finding in findings:
        shown = finding.section if finding.section != section else ""
        section = finding.section
        style = STYLES[finding.state]
        table.add_row(shown, finding.subject, f"[{style}]{finding.value}[/]", finding.advice)
    out.print(table)
    missing = sum(f.state == "missing" for f in findings)
    say("Nothing is missing." if not missing else f"{missing} missing: see the last column.")
