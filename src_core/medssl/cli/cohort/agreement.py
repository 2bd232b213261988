"""``medssl cohort agreement``: how far people agree who looked at the same images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from medssl.cli.cohort.common import CohortFolder, counted, open_cohort, show
from medssl.cli.output import JsonFlag, out, print_json

if TYPE_CHECKING:
    from medssl.cohort.agreement import LabelAgreement, PointAgreement


def agreement(folder: CohortFolder, json: JsonFlag = False) -> None:
    """Compare what two people said about the same images: points and labels."""
    from medssl.cohort import agreement as core

    with open_cohort(folder) as cohort:
        points = core.agreement_on_points(core.pairs_of_points(cohort))
        labels = core.agreement_on_labels(cohort)
    if json:
        print_json(
            {"points": [vars(one) for one in points], "labels": [_label(one) for one in labels]}
        )
        return
    if not points and not labels:
        show("no image was looked at by two people: nothing to compare")
        return
    if points:
        _show_points(points)
    for one in labels:
        _show_label(one)


def _show_points(found: Sequence[PointAgreement]) -> None:
    table = Table(box=None)
    for title in (
        "landmark",
        "people",
        "n",
        "mean",
        "median",
        "95 % within",
        "95 % limits by axis",
    ):
        right = title in ("n", "mean", "median", "95 % within")
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    for one in found:
        lengths = (f"{value:.2f} {one.unit}" for value in (one.mean, one.median, one.within))
        people = "all" if one.people is None else " / ".join(one.people)
        table.add_row(one.landmark, people, str(one.n), *lengths, _limits(one))
    out.print(table)


def _limits(one: PointAgreement) -> str:
    if one.limits is None:
        return ""
    parts = [
        f"{axis} {low:+.2f} to {high:+.2f}"
        for axis, (low, high) in zip("xyz", one.limits, strict=False)
    ]
    return ", ".join(parts)


def _show_label(one: LabelAgreement) -> None:
    kappa = "no kappa: only one value was ever said" if one.kappa is None else f"{one.kappa:.2f}"
    kappa = kappa if one.kappa is None else f"kappa {kappa}"
    first, second = one.people
    show(
        f"{one.label}, {first} / {second}: {counted(one.n, 'image')}, "
        f"{100 * one.agreed:.0f} % the same, {kappa}"
    )
    for (said, other), count in one.counts.items():
        show(f"  {count} × {first}: {said}, {second}: {other}")


def _label(one: LabelAgreement) -> dict[str, Any]:
    counts = [
        {"first": first, "second": second, "count": count}
        for (first, second), count in one.counts.items()
    ]
    return {**vars(one), "counts": counts}
