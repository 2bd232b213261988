"""From cells to the table: means over seeds, and paired differences with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from medssl.evaluate.bootstrap import interval
from medssl.evaluate.transfer.cells import Cell
from medssl.evaluate.transfer.task import Task


def summarise(
    task: Task, cells: Sequence[Cell], tested: Sequence[str], controls: dict[str, str], draws: int
) -> list[dict[str, Any]]:
    """Return a row for each method and number of labels.

    Parameters
    ----------
    task
        What was scored.
    cells
        All of them.
    tested
        The images that were scored, in the order of the cells' scores.
    controls
        By method: the method with random weights that it is compared with.
    draws
        Resamplings of the intervals, over seeds and cases.

    Returns
    -------
    list of dict
        ``method``, ``labelled``, ``learned_from``, ``value`` (mean over seeds), ``interval``,
        ``by_seed``, ``sd`` (over seeds), ``gain`` over the control and ``gain_interval`` (paired;
        None for a control), ``seconds`` (a cell, median).
    """
    stacked: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        stacked.setdefault((cell.method, cell.labelled), []).append(cell)
    rows = []
    strata = task.classes(tested)
    for (method, labelled), group in stacked.items():
        scores = np.stack([cell.scores for cell in group])
        by_seed = [task.value(one[None], tested) for one in scores]
        row: dict[str, Any] = {
            "method": method,
            "labelled": labelled,
            "learned_from": group[0].learned_from,
            "value": task.value(scores, tested),
            "interval": interval(_value(task, scores, tested), len(group), strata, draws),
            "by_seed": by_seed,
            "sd": float(np.std(by_seed, ddof=1)) if len(by_seed) > 1 else None,
            "gain": None,
            "gain_interval": None,
            "seconds": float(np.median([cell.seconds for cell in group])),
        }
        control = stacked.get((controls.get(method, ""), labelled))
        if control is not None:
            others = np.stack([cell.scores for cell in control])
            row["gain"] = row["value"] - task.value(others, tested)
            row["gain_interval"] = interval(
                _gain(task, scores, others, tested), len(group), strata, draws
            )
        rows.append(row)
    return rows


def _value(task: Task, scores: Any, tested: Sequence[str]) -> Any:
    keys = np.array(tested)

    def value(seeds: Any, cases: Any) -> float:
        return task.value(scores[np.ix_(seeds, cases)], keys[cases].tolist())

    return value


def _gain(task: Task, scores: Any, others: Any, tested: Sequence[str]) -> Any:
    own, control = _value(task, scores, tested), _value(task, others, tested)

    def gain(seeds: Any, cases: Any) -> float:
        return float(own(seeds, cases) - control(seeds, cases))

    return gain
