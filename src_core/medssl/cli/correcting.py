"""How the results of corrections and refining are told."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from medssl.cli.output import out


def show_corrections(result: dict[str, Any]) -> None:
    """Print one line for each thing that was compared, and the error after each correction."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("points from")
    for heading in ("mean px", "of one-shot", "median px", "mean mm", "< 4 % diag", "n"):
        table.add_column(heading, justify="right")
    for name, values in _rows(result):
        mre_mm = values["mre_mm"]
        table.add_row(
            name,
            f"{values['mre_px']:.1f}",
            f"{values['mre_px'] / result['one_shot']['mre_px']:.2f}",
            f"{values['median_px']:.1f}",
            "–" if mre_mm is None else f"{mre_mm:.2f}",
            f"{100 * values['sdr']['4%']:.0f} %",
            str(values["n"]),
        )
    out.print(table)
    for order in _orders(result):
        curve = "  ".join(f"{value:.1f}" for value in result[order]["curve"])
        out.print(f"mean px after 0, 1, ... corrections in {order} order: {curve}")


def _orders(result: dict[str, Any]) -> list[str]:
    return [order for order in ("review", "random") if order in result]


def _rows(result: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    rows = [("one click", result["one_shot"])]
    for order in _orders(result):
        if result["corrections"]:
            corrected = f"{result['corrections']} corrections, {order} order"
            rows.append((corrected, result[order]["corrected"]))
        if result[order]["refined"] is not None:
            rows.append((f"{order} order, refined", result[order]["refined"]))
    return rows
